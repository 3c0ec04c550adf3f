"""Small parts of the check-in page: keys that go with the page, buttons in rows, lists in words."""

import tkinter
from collections.abc import Callable, Sequence
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.desk.screen import DeviceLine, DifferenceLine, StepLine, Words
from proctor.gui.look import COLOURS, Look
from proctor.texts import Texts

FOCUS: Final = "#101820"
DIFFERS: Final = "#fde3e1"
SOURCES: Final = ("roster", "chip", "qr")
TABLE_LETTERS: Final = 56
_COLUMNS: Final = ("field", *SOURCES, "same")


class PageKeys:
    """Keys of the whole window that hold as long as one page is shown; what others bound to them stays bound."""

    def __init__(self, window: tkinter.Misc) -> None:
        self._window = window
        self._bound: list[tuple[str, str]] = []

    def bind(self, sequence: str, pressed: Callable[[Any], str | None]) -> None:
        """Call `pressed` for a key, wherever the focus is."""
        self._bound.append((sequence, str(self._window.bind(sequence, pressed, add="+"))))

    def release(self) -> None:
        """Take the page's keys away: `unbind` of Python before 3.13 would take everybody's."""
        for sequence, name in self._bound:
            script = str(self._window.tk.call("bind", str(self._window), sequence))
            left = "\n".join(line for line in script.splitlines() if name not in line)
            self._window.tk.call("bind", str(self._window), sequence, left)
            self._window.deletecommand(name)
        self._bound.clear()


class Line(ttk.Frame):
    """One line of text with a sign before it; where it breaks, its lines stand beneath one another."""

    def __init__(self, master: Any, look: Look, font: Any = None) -> None:
        super().__init__(master)
        self._look = look
        self.columnconfigure(1, weight=1)
        self.sign = ttk.Label(self, anchor="n")
        self.label = ttk.Label(self, anchor="w", justify="left", font=font or look.body)
        self.sign.grid(row=0, column=0, sticky="nw", padx=(0, look.px(4)))
        self.label.grid(row=0, column=1, sticky="ew")
        wrapped(self.label, 4)

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.label.cget("text"))

    @property
    def high(self) -> int:
        """How high it is with a sign."""
        self.sign.configure(image=self._look.sign("tick"))
        high = self.sign.winfo_reqheight()
        self.sign.configure(image="")
        return high

    def show(self, text: str, sign: str) -> None:
        """Say something; without a text the sign goes, too. Without a sign it begins where the headings do."""
        if text and sign:
            self.sign.configure(image=self._look.sign(sign))
            self.sign.grid()
        else:
            self.sign.grid_remove()
        self.label.configure(text=text)


class Flow(ttk.Frame):
    """Buttons in rows, as many as they need, in the order they were made; one row without any. The one that has the
    focus stands in a frame."""

    def __init__(self, master: Any, look: Look) -> None:
        super().__init__(master)
        self._gap, self._ring = look.px(4), max(3, look.px(2))
        self._ground = ttk.Style().lookup("TFrame", "background")
        self._wide = 0
        self._cells: list[tuple[tkinter.Frame, ttk.Button]] = []
        probe = ttk.Button(self, text="Enter")
        self._least = probe.winfo_reqheight() + 2 * self._ring
        probe.destroy()
        self.configure(height=self._least)
        self.bind("<Configure>", self._changed)

    def clear(self) -> None:
        """Take all buttons away."""
        for cell, _button in self._cells:
            cell.destroy()
        self._cells.clear()

    def add(self, text: str, command: Callable[[], None], *, main: bool) -> ttk.Button:
        """Add a button; `arrange` places it."""
        cell = tkinter.Frame(self, background=self._ground, padx=self._ring, pady=self._ring)
        button = ttk.Button(cell, text=text, command=command)
        if main:
            button.configure(bootstyle="success")
        button.pack()
        button.bind("<FocusIn>", lambda _event: cell.configure(background=FOCUS))
        button.bind("<FocusOut>", lambda _event: cell.configure(background=self._ground))
        self._cells.append((cell, button))
        return button

    def arrange(self) -> None:
        """Place the buttons; the frame asks for the height of its rows."""
        left = top = 0
        high = self._least
        for cell, button in self._cells:
            wide = button.winfo_reqwidth() + 2 * self._ring
            if left and left + wide > max(self._wide, 1):
                left, top = 0, top + high
            high = button.winfo_reqheight() + 2 * self._ring
            cell.place(x=left, y=top)
            left += wide + self._gap
        self.configure(height=top + high)

    def _changed(self, event: "tkinter.Event[Any]") -> None:
        if event.width != self._wide:
            self._wide = event.width
            self.arrange()


class StepList(ttk.Frame):
    """The steps of an attempt: sign, name, and beside it how far it came or why it did not."""

    def __init__(self, master: Any, look: Look, texts: Texts) -> None:
        super().__init__(master)
        self._look, self._texts = look, texts
        self._rows: dict[str, tuple[Line, ttk.Label]] = {}
        self._shown: tuple[StepLine, ...] = ()
        self.columnconfigure(0, weight=1)
        self.reading = ttk.Frame(self)
        self.reading.columnconfigure(0, weight=1)
        self.bar = ttk.Progressbar(self.reading, mode="determinate")
        self.bar.grid(row=0, column=0, sticky="ew")
        self.octets = ttk.Label(self.reading, anchor="e", foreground=COLOURS["dots"])
        self.octets.grid(row=0, column=1, padx=(look.px(6), 0))

    def show(self, steps: tuple[StepLine, ...]) -> None:
        """Show the steps; a row is touched only where it changed."""
        if steps == self._shown:
            return
        before = {step.name: step for step in self._shown}
        self._shown = steps
        for at, step in enumerate(steps):
            if before.get(step.name) == step:
                continue
            if step.name not in self._rows:
                self._rows[step.name] = self._row(at)
            name, state = self._rows[step.name]
            name.show(step.words.said(self._texts), step.sign)
            name.label.configure(font="TkHeadingFont" if step.state == "running" else self._look.body)
            state.configure(text="" if step.state == "waiting" else step.state_words.said(self._texts))
        self._progress(steps)

    def _row(self, at: int) -> tuple[Line, ttk.Label]:
        name = Line(self, self._look)
        state = ttk.Label(self, anchor="e", foreground=COLOURS["dots"])
        name.grid(row=2 * at, column=0, sticky="ew")
        state.grid(row=2 * at, column=1, sticky="e")
        return name, state

    def _progress(self, steps: Sequence[StepLine]) -> None:
        """Bar and octets stand under the step that reads, as long as it reads."""
        for at, step in enumerate(steps):
            if step.state == "running" and step.total:
                self.bar.configure(maximum=step.total, value=min(step.done, step.total))
                said = self._texts.say("checkin.bytes", done=grouped(step.done), total=grouped(step.total))
                self.octets.configure(text=said)
                self.reading.grid(row=2 * at + 1, column=0, columnspan=2, sticky="ew")
                return
        self.reading.grid_remove()


class WordList(ttk.Frame):
    """Lines under a heading, each with a sign, as wide as there is room."""

    def __init__(
        self, master: Any, look: Look, texts: Texts, *, heading: str, lines: Sequence[Words], sign: str
    ) -> None:
        super().__init__(master)
        self.columnconfigure(0, weight=1)
        title = ttk.Label(self, text=texts[heading], font="TkHeadingFont", anchor="w")
        title.grid(row=0, column=0, sticky="ew")
        for row, line in enumerate(lines, 1):
            shown = Line(self, look)
            shown.show(line.said(texts), sign)
            shown.grid(row=row, column=0, sticky="ew", pady=look.px(1))


class FaultList(ttk.Frame):
    """Devices that are missing or do not work, each with what to do about it."""

    def __init__(self, master: Any, look: Look, texts: Texts, faults: Sequence[DeviceLine]) -> None:
        super().__init__(master)
        self.columnconfigure(0, weight=1)
        for row, fault in enumerate(faults):
            said = f"{fault.words.said(texts)}: {fault.state_words.said(texts)}"
            if fault.fix is not None:
                said += f". {fault.fix.said(texts)}"
            shown = Line(self, look)
            shown.show(said, fault.sign)
            shown.grid(row=row, column=0, sticky="ew", pady=look.px(1))


class DifferenceTable(ttk.Frame):
    """Each field as list, chip and QR code have it, and whether they agree: by word, sign and ground.

    Where there is no room for columns, a field that agrees is one line, one that differs has a line for each source.
    """

    def __init__(
        self, master: Any, look: Look, texts: Texts, rows: Sequence[DifferenceLine], *, wide: int
    ) -> None:
        super().__init__(master)
        self._look, self._texts = look, texts
        if wide >= look.body.measure("n") * TABLE_LETTERS:
            self._columns(rows)
        else:
            self._lines(rows)

    def _columns(self, rows: Sequence[DifferenceLine]) -> None:
        look, texts = self._look, self._texts
        for column, name in enumerate(_COLUMNS):
            said = name in SOURCES
            self.columnconfigure(column, weight=1 if said else 0, uniform="said" if said else "")
            head = ttk.Label(self, text=texts[f"checkin.column.{name}"], font="TkHeadingFont", anchor="w")
            head.grid(row=0, column=column, sticky="ew", padx=(0, look.px(6)))
        for at, row in enumerate(rows, 1):
            ground = DIFFERS if row.same is False else ""
            cells = (row.words.said(texts), *row.values(texts))
            for column, text in enumerate(cells):
                cell = ttk.Label(self, text=text or "–", anchor="w", justify="left", background=ground)
                cell.grid(row=at, column=column, sticky="nsew", ipadx=look.px(2))
                if column:
                    wrapped(cell, look.px(4))
            self._agreement(row, ground).grid(row=at, column=len(_COLUMNS) - 1, sticky="nsew")

    def _lines(self, rows: Sequence[DifferenceLine]) -> None:
        self.columnconfigure(1, weight=1)
        at = 0
        for row in rows:
            ground = DIFFERS if row.same is False else ""
            head = ttk.Label(
                self, text=row.words.said(self._texts), font="TkHeadingFont", anchor="w", background=ground
            )
            head.grid(row=at, column=0, columnspan=2, sticky="nsew")
            self._agreement(row, ground).grid(row=at, column=2, sticky="nsew")
            sources = zip(SOURCES, row.values(self._texts), strict=True)
            told = [(self._texts[f"checkin.column.{name}"], text) for name, text in sources if text]
            for name, text in told if row.same is False else [("", text) for _, text in told[:1]]:
                at += 1
                if name:
                    source = ttk.Label(self, text=f"{name}:  ", anchor="w", background=ground)
                    source.grid(row=at, column=0, sticky="nsew")
                value = ttk.Label(self, text=text, anchor="w", justify="left", background=ground)
                value.grid(row=at, column=1 if name else 0, columnspan=2 if name else 3, sticky="nsew")
                wrapped(value, self._look.px(4))
            at += 1

    def _agreement(self, row: DifferenceLine, ground: str) -> ttk.Label:
        said = f" {row.same_words.said(self._texts)}"
        image = self._look.sign(row.sign)
        return ttk.Label(self, text=said, image=image, compound="left", anchor="w", background=ground)


def wrapped(label: Any, margin: int) -> None:
    """Let a label break its lines where its place ends."""
    label.bind("<Configure>", lambda event: label.configure(wraplength=max(event.width - margin, 60)))


def grouped(number: int) -> str:
    """Return a number in groups of three, with a space that does not break."""
    return f"{number:,}".replace(",", "\u00a0")
