"""Forms in a page: label and field in two columns, and what is wrong with a field said beneath it.

A form stands in the page, never in a dialog. Tab goes down it; Enter is the page's main key in every field, a text of
several lines included (Shift+Enter begins a new line there). What is a field of which form is data: `Field`.
"""

import tkinter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

import ttkbootstrap as ttk

from proctor.gui.keyboard import Letters, split
from proctor.gui.look import Look
from proctor.gui.station.parts import Line, wrapped
from proctor.texts import Texts

Kind = Literal["entry", "secret", "choice", "open-choice", "text", "tick"]
STACKED_FROM: Final = 1.5
"""From this size of the text on a label stands above its field."""
_LINES: Final = 4
_ENTER_ENDS: Final = "StationFormEnter"
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field.

    `text`: key of its label, with its letter; `kind`: "choice" is chosen from `choices` only, "open-choice" may also be
    typed; `choices`: value and words; `value`: what it begins with (a value of `choices`, "1" for a ticked box);
    `needed`: it must not be empty; `help`: key of a line beneath it that says what belongs here,
    `said`: the same in words; `lines`: of a "text".
    """

    name: str
    text: str
    kind: Kind = "entry"
    choices: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    value: str = field(default="", repr=False)
    needed: bool = True
    help: str = ""
    said: str = ""
    lines: int = _LINES


class Form(ttk.Frame):
    """Fields beneath one another. `widgets[name]` is what has the focus; `value` and `put` speak in values, not words.

    `on_change` is called with the name of a field that was changed by hand.
    """

    def __init__(
        self,
        master: Any,
        look: Look,
        texts: Texts,
        letters: Letters,
        fields: Iterable[Field],
        *,
        on_change: Callable[[str], None] = lambda _name: None,
        stacked: bool | None = None,
    ) -> None:
        """`stacked`: labels above their fields; None: where the text is large."""
        super().__init__(master)
        self._look, self._texts, self._letters = look, texts, letters
        self._stacked = look.scale >= STACKED_FROM if stacked is None else stacked
        self._on_change, self._filling = on_change, False
        self._fields: dict[str, Field] = {}
        self._values: dict[str, tkinter.StringVar] = {}
        self._labels: dict[str, ttk.Label] = {}
        self._notes: dict[str, Line] = {}
        self._helps: dict[str, ttk.Label] = {}
        self._said: dict[str, str] = {}
        self.widgets: dict[str, Any] = {}
        self.columnconfigure(0 if self._stacked else 1, weight=1)
        for each in fields:
            self._add(each)

    # --- what was typed ---

    def value(self, name: str) -> str:
        """Return what a field has: a choice its value, a box "1" or "", everything else its text without the spaces
        around it (a secret as it is)."""
        each = self._fields[name]
        if each.kind == "text":
            return str(self.widgets[name].get("1.0", "end")).strip()
        typed = self._values[name].get()
        if each.kind in ("choice", "open-choice"):
            found = next((value for value, words in each.choices if words == typed), None)
            if found is not None:
                return found
            return "" if each.kind == "choice" else typed.strip()
        return typed if each.kind == "secret" else typed.strip()

    def values(self) -> dict[str, str]:
        """Return every field that is shown."""
        return {name: self.value(name) for name in self._fields if self.shows(name)}

    def put(self, name: str, value: str) -> None:
        """Put a value into a field; one that a choice does not have leaves it empty."""
        each = self._fields[name]
        self._filling = True
        try:
            if each.kind == "text":
                self.widgets[name].delete("1.0", "end")
                self.widgets[name].insert("1.0", value)
            elif each.kind in ("choice", "open-choice"):
                words = dict(each.choices).get(value, value if each.kind == "open-choice" else "")
                self._values[name].set(words)
            else:
                self._values[name].set(value)
        finally:
            self._filling = False

    def offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        """Give a choice other values; what was chosen stays where it is among them."""
        old, chosen = self._fields[name], self.value(name)
        known = tuple(choices)
        self._fields[name] = Field(
            **{
                each: getattr(old, each)
                for each in ("name", "text", "kind", "value", "needed", "help", "said", "lines")
            },
            choices=known,
        )
        self.widgets[name].configure(
            values=[words for _, words in known], height=max(1, min(len(known), _SHOWN))
        )
        self.put(name, chosen)

    def kept(self) -> dict[str, str]:
        """Return what was typed and chosen, without secrets; `put_back` fills it in again."""
        return {name: self.value(name) for name, each in self._fields.items() if each.kind != "secret"}

    def put_back(self, kept: Mapping[str, str]) -> None:
        """Fill in what was kept of a form of the same kind."""
        for name, value in kept.items():
            if name in self._fields:
                self.put(name, value)

    # --- what is wrong ---

    def missing(self) -> str:
        """Return the first needed field that is shown and empty; "" when there is none."""
        return next(
            (
                name
                for name, each in self._fields.items()
                if each.needed and self.shows(name) and not self.value(name).strip()
            ),
            "",
        )

    def check(self) -> bool:
        """Whether no needed field is empty; the first that is gets the focus and says so beneath it."""
        self.right()
        name = self.missing()
        if not name:
            return True
        kind = "choose" if self._fields[name].kind == "choice" else "type"
        self.wrong(name, self._texts[f"station-form.{kind}"])
        return False

    def wrong(self, name: str, text: str) -> None:
        """Say beneath a field what is wrong with it and what to do, and put the focus there."""
        note = self._notes[name]
        self._said[name] = text
        note.show(text, "cross")
        note.grid()
        self.widgets[name].focus_set()

    def right(self) -> None:
        """Take back what was said of fields."""
        self._said.clear()
        for note in self._notes.values():
            note.show("", "")
            note.grid_remove()

    @property
    def said(self) -> Mapping[str, str]:
        """What is said to be wrong, by field."""
        return dict(self._said)

    # --- what is shown ---

    def begin(self) -> None:
        """Put the focus on the first field that is shown, needed and empty, else on the first."""
        shown = [name for name in self._fields if self.shows(name)]
        empty = next(
            (name for name in shown if self._fields[name].needed and not self.value(name)),
            next(iter(shown), ""),
        )
        if empty:
            self.widgets[empty].focus_set()

    def shows(self, name: str) -> bool:
        """Whether a field is shown."""
        return bool(self.widgets[name].winfo_manager())

    def show(self, name: str, shown: bool) -> None:
        """Show a field, or hide it: then nothing is needed of it and `values` leaves it out."""
        parts = [self.widgets[name], self._labels.get(name), self._helps.get(name)]
        for part in parts:
            if part is not None and shown:
                part.grid()
            elif part is not None:
                part.grid_remove()
        if not shown:
            self._notes[name].grid_remove()

    # --- building ---

    def _add(self, each: Field) -> None:
        row, px = 4 * len(self._fields), self._look.px
        self._fields[each.name] = each
        self._values[each.name] = tkinter.StringVar(self)
        widget = self.widgets[each.name] = self._make(each)
        column = 0 if self._stacked else 1
        if each.kind == "tick":
            self._letters.label(widget, self._texts[each.text])
        else:
            label = self._labels[each.name] = ttk.Label(self, anchor="w")
            self._letters.leads(label, self._texts[each.text], widget)
            above = (widget.winfo_reqheight() - label.winfo_reqheight()) // 2
            top = px(2) if self._stacked or each.kind == "text" else px(2) + max(0, above)
            label.grid(row=row, column=0, sticky="nw", padx=(0, px(8)), pady=(top, 0))
        widget.grid(row=row + 1 if self._stacked else row, column=column, sticky="ew", pady=px(2))
        if each.help or each.said:
            words = each.said or self._texts[each.help]
            said = self._helps[each.name] = ttk.Label(self, text=words, justify="left")
            said.grid(row=row + 2, column=column, sticky="ew")
            wrapped(said, 2)
        note = self._notes[each.name] = Line(self, self._look)
        note.grid(row=row + 3, column=column, sticky="ew")
        note.grid_remove()
        widget.beneath = tuple(part for part in (self._helps.get(each.name), note) if part is not None)
        self.put(each.name, each.value)
        self._values[each.name].trace_add("write", partial(self._traced, each.name))

    def _make(self, each: Field) -> Any:
        variable, font = self._values[each.name], self._look.body
        if each.kind in ("choice", "open-choice"):
            return ttk.Combobox(
                self,
                state="readonly" if each.kind == "choice" else "normal",
                values=[words for _, words in each.choices],
                textvariable=variable,
                font=font,
                height=max(1, min(len(each.choices), _SHOWN)),
            )
        if each.kind == "tick":
            return ttk.Checkbutton(self, variable=variable, onvalue="1", offvalue="")
        if each.kind == "text":
            return self._text(each)
        return ttk.Entry(self, textvariable=variable, font=font, show="•" if each.kind == "secret" else "")

    def _text(self, each: Field) -> tkinter.Text:
        """A text of several lines: Tab leaves it, Enter is the page's, Shift+Enter begins a line."""
        style = ttk.Style()  # framed like the fields of one line

        def edge(*states: str) -> Any:
            return style.lookup("TEntry", "bordercolor", states)

        box = tkinter.Text(
            self,
            height=each.lines,
            width=10,
            wrap="word",
            font=self._look.body,
            undo=True,
            relief="flat",
            borderwidth=1,
            highlightthickness=1,
            highlightcolor=str(edge("focus")),
            highlightbackground=str(edge()),
            padx=self._look.px(3),
            pady=self._look.px(2),
        )
        box.bind("<FocusIn>", lambda _event: box.configure(highlightthickness=2, borderwidth=0), add="+")
        box.bind("<FocusOut>", lambda _event: box.configure(highlightthickness=1, borderwidth=1), add="+")
        box.bind("<Tab>", lambda event: _moved(event.widget.tk_focusNext()))
        for back in ("<Shift-Tab>", "<ISO_Left_Tab>"):
            try:
                box.bind(back, lambda event: _moved(event.widget.tk_focusPrev()))
            except tkinter.TclError:  # a keysym of X11 only
                continue
        box.bind("<Shift-Return>", self._new_line)
        # Enter is the window's: its binding comes first, then one that ends it before the text's own begins a line. A
        # key that is generated for the window would come back here, where the focus is.
        window = str(box.winfo_toplevel())
        others = [tag for tag in box.bindtags() if tag not in (str(box), window)]
        box.bindtags((str(box), window, _ENTER_ENDS, *others))
        for enter in ("<Return>", "<KP_Enter>"):
            box.tk.call("bind", _ENTER_ENDS, enter, "break")
        box.bind("<KeyRelease>", partial(self._traced, each.name))
        return box

    def _new_line(self, event: "tkinter.Event[Any]") -> str:
        event.widget.insert("insert", "\n")
        event.widget.see("insert")
        return "break"

    def _traced(self, name: str, *_trace: object) -> None:
        self._changed(name)

    def _changed(self, name: str) -> None:
        if not self._filling:
            if name in self._said:
                self.right()
            self._on_change(name)


def plain(text: str) -> str:
    """Return a marked text without its mark."""
    return split(text)[0]


def _moved(widget: Any) -> str:
    if widget is not None:
        widget.focus_set()
    return "break"
