"""The form of a new incident: its kind by one key, then whom it concerns, what happened, who saw it, what follows."""

from collections.abc import Mapping
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.errors import CommandError
from proctor.gui.look import Look
from proctor.gui.station.forms import Field, Form
from proctor.gui.station.parts import Line
from proctor.names import component_name
from proctor.screens.incidents import Typed, concerned, consequences_of, kinds_of
from proctor.texts import Texts
from sessions.session import Session

BESIDE: Final = 1.25
"""Up to this size of the text the kinds stand beside the fields."""
_FEW: Final = 5


class IncidentForm(ttk.Frame):
    """Kinds at the left, each with its key; the fields at the right. `role`: of who writes."""

    def __init__(
        self,
        master: Any,
        look: Look,
        texts: Texts,
        letters: Any,
        *,
        session: Session,
        role: str,
        sbd: str,
    ) -> None:
        super().__init__(master)
        self._look, self._texts, self._session, self._role = look, texts, session, role
        self._kinds = kinds_of(session, texts)
        beside = look.scale <= BESIDE
        self.columnconfigure(1 if beside else 0, weight=1)
        self.rowconfigure(1, weight=1)  # what the fields need beyond the kinds moves nothing
        head = ttk.Label(self, anchor="w", font="TkHeadingFont")
        head.grid(row=0, column=0, sticky="ew")
        self.kinds = self._table(len(self._kinds) if beside else _FEW)
        self.kinds.grid(
            row=1,
            column=0,
            sticky="new",
            padx=(0, look.px(10) if beside else 0),
            pady=(look.px(2), 0 if beside else look.px(4)),
        )
        letters.leads(head, texts["incident-page.kind"], self.kinds)
        right = ttk.Frame(self)
        right.grid(row=0 if beside else 2, column=1 if beside else 0, rowspan=2, sticky="nsew")
        right.columnconfigure(0, weight=1)
        right.rowconfigure(0, minsize=look.sign("arrow").height())  # who is named comes and goes there
        self.note = Line(right, look)
        self.note.grid(row=0, column=0, sticky="ew")
        self.form = Form(right, look, texts, letters, self._fields(sbd), on_change=self._changed)
        self.form.grid(row=1, column=0, sticky="nsew")
        self._changed("concerned")
        self._kind_chosen()

    @property
    def code(self) -> str:
        """The kind that is chosen; "" before one is."""
        chosen = self.kinds.selection()
        return str(chosen[0]) if chosen else ""

    def typed(self) -> Typed:
        """Return what was typed."""
        values = self.form.values()
        return Typed(
            code=self.code,
            concerned=values["concerned"],
            text=values["text"],
            witnesses=values["witnesses"],
            consequence=values["consequence"] or "none",
            place=values["place"],
            hour=values["hour"],
            component=values.get("component", ""),
        )

    def minutes(self) -> bool:
        """Whether minutes are made at once."""
        return bool(self.form.value("minutes"))

    def check(self) -> bool:
        """Whether the kind is chosen and nothing that is needed is empty; else the focus goes there."""
        self.note.show("", "")
        if not self.code:
            self.note.show(self._texts["incident-page.kind.choose"], "cross")
            self.kinds.focus_set()
            return False
        return self.form.check()

    def begin(self) -> None:
        """Put the focus where typing begins: on the kinds."""
        if not self.code:
            self.kinds.focus_set()
            return
        self.form.widgets["text" if self.form.value("concerned") else "concerned"].focus_set()

    def kept(self) -> Mapping[str, str]:
        """Return what was chosen and typed."""
        return {"kind": self.code, **self.form.kept()}

    def put_back(self, kept: Mapping[str, str]) -> None:
        """Fill in what was kept."""
        kind = kept.get("kind", "")
        if kind and self.kinds.exists(kind):
            self.kinds.selection_set(kind)
            self.kinds.focus(kind)
            self._kind_chosen()
        self.form.put_back({name: value for name, value in kept.items() if name != "kind"})
        self._changed("concerned")

    # --- building ---

    def _table(self, rows: int) -> ttk.Treeview:
        look = self._look
        view = ttk.Treeview(
            self, show="", selectmode="browse", columns=("key", "label"), height=rows, takefocus=True
        )
        wide = look.body.measure("MM")
        longest = max((look.body.measure(kind.label) for kind in self._kinds), default=0)
        view.column("key", width=wide, minwidth=wide, stretch=False, anchor="center")
        view.column("label", width=longest + look.body.measure("M"), stretch=True, anchor="w")
        for kind in self._kinds:
            view.insert("", "end", iid=kind.code, values=(kind.key.upper(), kind.label))
        if self._kinds:
            view.focus(self._kinds[0].code)
        view.bind("<KeyPress>", self._key)
        view.bind("<<TreeviewSelect>>", lambda _event: self._kind_chosen())
        return view

    def _fields(self, sbd: str) -> tuple[Field, ...]:
        texts, session = self._texts, self._session
        fields = [
            Field(name="concerned", text="incident-page.concerned", needed=False, value=sbd),
            Field(name="text", text="incident-page.text", kind="text", lines=3),
            Field(name="witnesses", text="incident-page.witnesses", needed=False),
            Field(name="consequence", text="incident-page.consequence", kind="choice", needed=False),
            Field(name="place", text="incident-page.place", needed=False),
            Field(name="hour", text="incident-page.hour", needed=False),
        ]
        if len(session.components) > 1:
            every = ("", texts["incident-page.component.every"])
            known = ((name, component_name(session.rules, name, texts)) for name in session.components)
            scope = Field(
                name="component",
                text="incident-page.component",
                kind="choice",
                needed=False,
                choices=(every, *known),
            )
            fields.append(scope)
        fields.append(
            Field(name="minutes", text="incident-page.minutes.tick", kind="tick", needed=False, value="1")
        )
        return tuple(fields)

    # --- what is pressed ---

    def _key(self, event: Any) -> str | None:
        """One key chooses a kind, and typing goes on in the first field."""
        if not event.char or event.state & 0x4:
            return None
        kind = next((each for each in self._kinds if each.key and each.key == event.char.lower()), None)
        if kind is None:
            return None
        self.kinds.selection_set(kind.code)
        self.kinds.focus(kind.code)
        self.kinds.see(kind.code)
        self._kind_chosen()
        self.begin()
        return "break"

    def _kind_chosen(self) -> None:
        """What may follow goes with the kind; whether there are minutes, too."""
        code = self.code
        self.form.offer("consequence", consequences_of(self._session, code, self._role, self._texts))
        if not self.form.value("consequence"):
            self.form.put("consequence", "none")
        kind = next((each for each in self._kinds if each.code == code), None)
        if kind is not None:
            self.form.put("minutes", "1" if kind.minutes else "")
            self.note.show("", "")

    def _changed(self, name: str) -> None:
        """Say who the numbers are."""
        if name != "concerned":
            return
        typed = self.form.value("concerned")
        try:
            people = concerned(self._session, typed)
        except CommandError:
            self.note.show("", "")
            return
        words = " – ".join(person.words for person in people)
        self.note.show(words, "arrow")
