"""The three pages of the roster's window: the file and its rows, the session, what was made. They show and ask only."""

import tkinter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import ttkbootstrap as ttk

from proctor.gui.keyboard import Letters
from proctor.gui.look import Look
from proctor.gui.scrolled import Scrolled
from proctor.gui.table import Table
from proctor.roster_import import Created
from proctor.texts import Texts
from proctor.viewmodel_roster import SIGNS, TABS, Line, Preview, RulesChoice, Tab, result_lines, rules_mark

Commands = Mapping[str, Callable[[], None]]
_LARGE = 1.5  # of the text: components stand beneath one another
_WIDE = 110  # letters: a screen narrower than this gets the figures in two rows


class FilePage(Scrolled):
    """Page one: which file, how it is encoded, its rows in five tables."""

    def __init__(
        self,
        master: Any,
        *,
        look: Look,
        texts: Texts,
        letters: Letters,
        commands: Commands,
        tab: tkinter.StringVar,
        encoding: tkinter.StringVar,
        sheet: tkinter.StringVar,
    ) -> None:
        super().__init__(master, stretch=True)
        self._look, self._texts, self._letters, self._commands = look, texts, letters, commands
        self._tab, self._encoding, self._sheet = tab, encoding, sheet
        self._preview: Preview | None = None
        self.inside.columnconfigure(0, weight=1)
        self.inside.rowconfigure(3, weight=1)
        self._file_row().grid(row=0, column=0, sticky="ew")
        self.encodings = ttk.Frame(self.inside)
        self.encodings.grid(row=1, column=0, sticky="ew")
        self.figures: dict[str, ttk.Label] = {}
        self.buttons: dict[str, ttk.Radiobutton] = {}
        self._figures_row().grid(row=2, column=0, sticky="ew", pady=look.px(3))
        self.table = Table(self.inside, look, self._show_line)
        self.table.grid(row=3, column=0, sticky="nsew")
        self.detail = ttk.Label(self.inside, anchor="nw", justify="left")
        self.detail.grid(row=4, column=0, sticky="ew", pady=(look.px(3), 0))
        self.detail.bind("<Configure>", lambda event: self.detail.configure(wraplength=event.width - 6))

    def _file_row(self) -> ttk.Frame:
        row = ttk.Frame(self.inside)
        row.columnconfigure(1, weight=1)
        self.choose = ttk.Button(row, command=self._commands["choose"], bootstyle="primary")
        self._letters.label(self.choose, self._texts["window.choose"])
        self.choose.grid(row=0, column=0)
        self.file = ttk.Label(row, text=self._texts["window.no-file"], anchor="w")
        self.file.grid(row=0, column=1, sticky="ew", padx=self._look.px(8))
        self.template = ttk.Button(row, command=self._commands["template"])
        self._letters.label(self.template, self._texts["window.template"])
        self.template.grid(row=0, column=2)
        return row

    def _figures_row(self) -> ttk.Frame:
        row = ttk.Frame(self.inside)
        across = (
            len(TABS) if self.winfo_screenwidth() >= self._look.body.measure("n") * _WIDE else len(TABS) // 2
        )
        for place, key in enumerate(TABS):
            row.columnconfigure(place % across, weight=1, uniform="figure")
            box = ttk.Frame(row)
            box.columnconfigure(0, weight=1)
            box.grid(row=place // across, column=place % across, sticky="nsew", padx=self._look.px(1))
            figure = ttk.Label(box, text="–", font=self._look.figure, anchor="center", compound="left")
            figure.configure(image=self._look.sign(SIGNS[key]))
            figure.grid(row=0, column=0, sticky="ew")
            button = ttk.Radiobutton(
                box, variable=self._tab, value=key, command=self._show_tab, style="Figure.Toolbutton"
            )
            button.grid(row=1, column=0, sticky="ew")
            self._letters.label(button, self._texts[f"window.tab.{key}"])
            figure.bind("<Button-1>", partial(_press, button))
            self.figures[key], self.buttons[key] = figure, button
        return row

    def show(self, preview: Preview) -> None:
        """Show what was read."""
        self._preview = preview
        self.file.configure(text=f"{preview.file}   ({preview.source})")
        for key, figure in self.figures.items():
            figure.configure(text=f" {preview.tab(key).count}")
        self._show_choices(preview)
        self._show_tab()
        self.follow_all()

    def _show_choices(self, preview: Preview) -> None:
        """Ask what was guessed: which sheet of several, and how its letters are to be read."""
        for child in self.encodings.winfo_children():
            child.destroy()
        if preview.sheets:
            names = tuple((name, name) for name in preview.sheets)
            self._ask(0, "window.sheet.ask", self._sheet, names, "sheet")
        if preview.ask_encoding:
            looks = tuple((each.encoding, f"{each.label}:  {each.lines}") for each in preview.choices)
            self._ask(len(preview.sheets) + 1, "window.encoding.ask", self._encoding, looks, "encoding")

    def _ask(
        self,
        row: int,
        title: str,
        variable: tkinter.StringVar,
        choices: tuple[tuple[str, str], ...],
        command: str,
    ) -> None:
        """One question with its answers beneath it."""
        sign = self._look.sign("question")
        label = ttk.Label(self.encodings, text=self._texts[title], image=sign, compound="left")
        label.grid(row=row, column=0, sticky="w")
        for place, (value, text) in enumerate(choices, row + 1):
            button = ttk.Radiobutton(
                self.encodings, text=text, variable=variable, value=value, command=self._commands[command]
            )
            button.grid(row=place, column=0, sticky="w", padx=(self._look.px(14), 0))

    def _show_tab(self) -> None:
        if self._preview is not None:
            self.table.show(self._preview.tab(self._tab.get()))

    def _show_line(self, line: Line | None) -> None:
        shown: Tab | None = None if self._preview is None else self._preview.tab(self._tab.get())
        empty = "" if shown is None or shown.lines else self._texts[f"window.none.{shown.key}"]
        self.detail.configure(text=empty if line is None else line.detail)


class SessionPage(Scrolled):
    """Page two: rules, components, place, day, and who creates the session. Scrolls where the screen is small."""

    def __init__(
        self,
        master: Any,
        *,
        look: Look,
        texts: Texts,
        letters: Letters,
        variables: Mapping[str, tkinter.Variable],
        choices: tuple[RulesChoice, ...],
        users: tuple[str, ...],
        on_rules: Callable[[], None],
    ) -> None:
        super().__init__(master)
        self._look, self._texts, self._letters, self._variables = look, texts, letters, variables
        self._choices, self._on_rules = choices, on_rules
        self.fields: dict[str, Any] = {}
        self._parts: dict[str, tkinter.BooleanVar] = {}
        self.inside.columnconfigure(1, weight=1)
        self.summary = ttk.Label(self.inside, justify="left", anchor="w")
        self.summary.grid(row=0, column=0, columnspan=2, sticky="ew", pady=look.px(4))
        self.skip = ttk.Checkbutton(self.inside, variable=variables["skip"])
        self.fields["skip"] = self.skip
        self._rules_field(2)
        self.parts = ttk.Frame(self.inside)
        self._label(3, "components").grid_configure(sticky="nw")
        self.parts.grid(row=3, column=1, sticky="ew", pady=look.px(3))
        for row, name in ((4, "place"), (5, "day")):
            self._field(row, name, ttk.Entry(self.inside, textvariable=variables[name], font=look.body))
        if users:
            box = ttk.Combobox(
                self.inside, textvariable=variables["user"], values=users, state="readonly", font=look.body
            )
            self._field(6, "user", box)

    @property
    def components(self) -> tuple[str, ...]:
        """The components that are ticked, in the rules' order."""
        return tuple(name for name, ticked in self._parts.items() if ticked.get())

    def show(self, preview: Preview, chosen: tuple[str, ...]) -> None:
        """Show how many would come in, and the components of the rules that are chosen."""
        refused = preview.tab("refused").count
        used = preview.tab("used").count
        self.summary.configure(text=self._texts.say("window.summary", file=preview.file, used=used))
        if refused:
            self._letters.label(self.skip, self._texts.say("window.skip", refused=refused))
            self.skip.grid(row=1, column=0, columnspan=2, sticky="w", pady=self._look.px(3))
        else:
            self.skip.grid_remove()
        self.show_parts(chosen)

    def show_parts(self, chosen: tuple[str, ...]) -> None:
        """Show the components of the chosen rules, `chosen` ticked."""
        for child in self.parts.winfo_children():
            child.destroy()
        rules = next(
            (each for each in self._choices if each.rules_id == self._variables["rules"].get()), None
        )
        self._parts = {}
        if rules is None:
            ttk.Label(self.parts, text=self._texts["window.components.first"]).grid(
                row=0, column=0, sticky="w"
            )
            return
        across = 3 if self._look.scale < _LARGE else 1
        for place, (name, label) in enumerate(rules.components):
            ticked = tkinter.BooleanVar(self, value=name in chosen)
            box = ttk.Checkbutton(self.parts, text=label, variable=ticked)
            box.grid(
                row=place // across,
                column=place % across,
                sticky="w",
                padx=(0, self._look.px(14)),
                pady=self._look.px(1),
            )
            self._parts[name] = ticked
            self.fields.setdefault("components", box)
            if not place:
                self.fields["components"] = box

    def _rules_field(self, row: int) -> None:
        labels = [choice.label for choice in self._choices]
        box = ttk.Combobox(self.inside, values=labels, state="readonly", font=self._look.body)
        known = [choice.rules_id for choice in self._choices]
        if self._variables["rules"].get() in known:
            box.current(known.index(self._variables["rules"].get()))
        box.bind("<<ComboboxSelected>>", lambda _event: self._rules_chosen(known[box.current()]))
        self._field(row, "rules", box)

    def _rules_chosen(self, rules_id: str) -> None:
        self._variables["rules"].set(rules_id)
        self.show_parts(())
        self._on_rules()

    def _field(self, row: int, name: str, widget: Any) -> None:
        label = self._label(row, name)
        self._letters.leads(label, self._texts[f"window.field.{name}"], widget)
        widget.grid(row=row, column=1, sticky="ew", pady=self._look.px(3))
        self.fields[name] = widget

    def _label(self, row: int, name: str) -> ttk.Label:
        label = ttk.Label(self.inside, text=self._texts[f"window.field.{name}"].replace("&", ""))
        label.grid(row=row, column=0, sticky="w", padx=(0, self._look.px(10)), pady=self._look.px(3))
        return label


class ResultPage(Scrolled):
    """Page three: the session that was made."""

    def __init__(self, master: Any, *, look: Look, texts: Texts, created: Created) -> None:
        super().__init__(master)
        self.inside.columnconfigure(1, weight=1)
        title = ttk.Label(
            self.inside,
            text=texts["window.result.title"],
            image=look.sign("tick"),
            compound="left",
            font=look.title,
        )
        title.grid(row=0, column=0, columnspan=2, sticky="w")
        self.session = self._copied(created.session_id, look.figure)
        self.session.grid(row=1, column=0, columnspan=2, sticky="ew", pady=look.px(4))
        for row, (heading, text) in enumerate(result_lines(created, texts), 2):
            ttk.Label(self.inside, text=heading).grid(
                row=row, column=0, sticky="nw", padx=(0, look.px(10)), pady=look.px(2)
            )
            label = ttk.Label(self.inside, text=text, anchor="w", justify="left")
            label.grid(row=row, column=1, sticky="ew", pady=look.px(2))
            label.bind("<Configure>", _wrap)
        mark = ttk.Label(
            self.inside,
            text=f" {rules_mark(created, texts)}",
            image=look.sign("bang") if created.unconfirmed else "",
            compound="left",
        )
        mark.grid(row=8, column=0, columnspan=2, sticky="ew")
        mark.bind("<Configure>", lambda event: mark.configure(wraplength=event.width - 2 * look.px(24)))
        after = ttk.Label(self.inside, text=texts["window.result.after"], anchor="w", justify="left")
        after.grid(row=9, column=0, columnspan=2, sticky="ew", pady=look.px(8))
        after.bind("<Configure>", _wrap)

    def _copied(self, text: str, font: Any) -> ttk.Entry:
        """A text that can be copied, and not changed."""
        box = ttk.Entry(self.inside, font=font)
        box.insert(0, text)
        box.configure(state="readonly")
        return box


def _press(button: ttk.Radiobutton, _event: "tkinter.Event[Any]") -> None:
    button.invoke()


def _wrap(event: "tkinter.Event[Any]") -> None:
    event.widget.configure(wraplength=event.width)
