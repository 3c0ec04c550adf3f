"""Small parts of the check-in page: keys that go with the page, buttons in rows, lists in words."""

import tkinter
from collections.abc import Callable, Sequence
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.desk.screen import DeviceLine, DifferenceLine, StepLine, Words
from proctor.gui.look import COLOURS, Look
from proctor.texts import Texts

DIFFERS: Final = "#fde3e1"
_COLUMNS: Final = ("field", "roster", "chip", "qr", "same")


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


class Flow(ttk.Frame):
    """Buttons in rows, as many as they need, in the order they were made."""

    def __init__(self, master: Any, gap: int) -> None:
        super().__init__(master)
        self._gap = gap
        self._wide = 0
        self.bind("<Configure>", self._changed)

    def _changed(self, event: "tkinter.Event[Any]") -> None:
        if event.width != self._wide:
            self._wide = event.width
            self.arrange()

    def arrange(self) -> None:
        """Place the buttons; the frame asks for the height of its rows."""
        left = top = 0
        high = 1
        for button in self.children.values():
            if not isinstance(button, ttk.Button):
                continue
            wide = button.winfo_reqwidth()
            if left and left + wide > max(self._wide, 1):
                left, top = 0, top + high + self._gap // 2
            high = button.winfo_reqheight()
            button.place(x=left, y=top)
            left += wide + self._gap
        self.configure(height=top + high)


class StepList(ttk.Frame):
    """The steps of an attempt: sign, name, and beside it how far it came or why it did not."""

    def __init__(self, master: Any, look: Look, texts: Texts) -> None:
        super().__init__(master)
        self._look, self._texts = look, texts
        self._rows: dict[str, tuple[ttk.Label, ttk.Label]] = {}
        self._shown: tuple[StepLine, ...] = ()
        self.bar = ttk.Progressbar(self, mode="determinate")
        self.columnconfigure(0, weight=1)

    def show(self, steps: tuple[StepLine, ...]) -> None:
        """Show the steps; a row is touched only where it changed."""
        if steps == self._shown:
            return
        self._shown = steps
        for at, step in enumerate(steps):
            if step.name not in self._rows:
                self._rows[step.name] = self._row(at)
            name, state = self._rows[step.name]
            name.configure(text=f" {step.words.said(self._texts)}", image=self._look.sign(step.sign))
            name.configure(font="TkHeadingFont" if step.state == "running" else self._look.body)
            state.configure(text=self._state(step))
        self._progress(steps)

    def _row(self, at: int) -> tuple[ttk.Label, ttk.Label]:
        name = ttk.Label(self, compound="left", anchor="w")
        state = ttk.Label(self, anchor="e", foreground=COLOURS["dots"])
        name.grid(row=2 * at, column=0, sticky="w")
        state.grid(row=2 * at, column=1, sticky="e")
        return name, state

    def _state(self, step: StepLine) -> str:
        if step.state == "running" and step.total:
            return self._texts.say("checkin.bytes", done=grouped(step.done), total=grouped(step.total))
        return "" if step.state == "waiting" else step.state_words.said(self._texts)

    def _progress(self, steps: Sequence[StepLine]) -> None:
        """The bar stands under the step that reads, as long as it reads."""
        for at, step in enumerate(steps):
            if step.state == "running" and step.total:
                self.bar.configure(maximum=step.total, value=min(step.done, step.total))
                self.bar.grid(row=2 * at + 1, column=0, columnspan=2, sticky="ew")
                return
        self.bar.grid_remove()


class WordList(ttk.Frame):
    """Lines under a heading, each with a sign, as wide as there is room."""

    def __init__(
        self, master: Any, look: Look, texts: Texts, *, heading: str, lines: Sequence[Words], sign: str
    ) -> None:
        super().__init__(master)
        self.columnconfigure(0, weight=1)
        title = ttk.Label(self, text=texts[heading], font="TkHeadingFont", anchor="w")
        title.grid(row=0, column=0, sticky="ew")
        margin = look.sign(sign).width() + look.px(6)
        for row, line in enumerate(lines, 1):
            label = ttk.Label(
                self,
                text=f" {line.said(texts)}",
                image=look.sign(sign),
                compound="left",
                anchor="w",
                justify="left",
            )
            label.grid(row=row, column=0, sticky="ew", pady=look.px(1))
            wrapped(label, margin)


class FaultList(ttk.Frame):
    """Devices that are missing or do not work, each with what to do about it."""

    def __init__(self, master: Any, look: Look, texts: Texts, faults: Sequence[DeviceLine]) -> None:
        super().__init__(master)
        self.columnconfigure(0, weight=1)
        for row, fault in enumerate(faults):
            said = f"{fault.words.said(texts)}: {fault.state_words.said(texts)}"
            if fault.fix is not None:
                said += f". {fault.fix.said(texts)}"
            sign = look.sign(fault.sign)
            label = ttk.Label(self, text=f" {said}", image=sign, compound="left", anchor="w", justify="left")
            label.grid(row=row, column=0, sticky="ew", pady=look.px(1))
            wrapped(label, sign.width() + look.px(6))


class DifferenceTable(ttk.Frame):
    """Each field as list, chip and QR code have it, and whether they agree: by word, sign and ground."""

    def __init__(self, master: Any, look: Look, texts: Texts, rows: Sequence[DifferenceLine]) -> None:
        super().__init__(master)
        for column, name in enumerate(_COLUMNS):
            self.columnconfigure(column, weight=0 if name in ("field", "same") else 1)
            head = ttk.Label(self, text=texts[f"checkin.column.{name}"], font="TkHeadingFont", anchor="w")
            head.grid(row=0, column=column, sticky="ew", padx=(0, look.px(6)))
        for at, row in enumerate(rows, 1):
            ground = DIFFERS if row.same is False else ""
            cells = (row.words.said(texts), row.roster, row.chip, row.qr)
            for column, text in enumerate(cells):
                cell = ttk.Label(self, text=text or "–", anchor="w", justify="left", background=ground)
                cell.grid(row=at, column=column, sticky="nsew", ipadx=look.px(2))
                if column:
                    wrapped(cell, look.px(4))
            same = ttk.Label(
                self,
                text=f" {row.same_words.said(texts)}",
                image=look.sign(row.sign),
                compound="left",
                anchor="w",
                background=ground,
            )
            same.grid(row=at, column=len(_COLUMNS) - 1, sticky="nsew")


def wrapped(label: Any, margin: int) -> None:
    """Let a label break its lines where its place ends."""
    label.bind("<Configure>", lambda event: label.configure(wraplength=max(event.width - margin, 60)))


def grouped(number: int) -> str:
    """Return a number in groups of three, with a space that does not break."""
    return f"{number:,}".replace(",", "\u00a0")
