"""The decision pane: what two persons enter about somebody whom the machine referred. It asks; others commit.

It stands beside the photographs, on the operator's screen only. Nothing is chosen beforehand: why, and who the second
person is, two persons say themselves.
"""

import tkinter
from collections.abc import Callable, Sequence
from typing import Any, Final

import ttkbootstrap as ttk

from proctor.desk.decisions import Referred, Wish
from proctor.gui.keyboard import Letters
from proctor.gui.look import COLOURS, Look
from proctor.gui.station.parts import wrapped
from proctor.seconds import CARD_FACE
from proctor.texts import Texts

FIELDS: Final = ("who", "reason", "note", "second", "proof", "card")


class DecisionPane(ttk.Frame):
    """Fields for one `Referred`. `wish`: what was entered; `missing`: the first field that still needs something."""

    def __init__(self, master: Any, look: Look, texts: Texts, letters: Letters) -> None:
        super().__init__(master)
        self._look, self._texts, self._letters = look, texts, letters
        self._referred: Referred | None = None
        self.fields: dict[str, Any] = {}
        self.on_card: Callable[[bool], None] = lambda _asked: None
        self._values = {name: tkinter.StringVar(self) for name in FIELDS}
        self._labels: dict[str, ttk.Label] = {}
        self.columnconfigure(1, weight=1)
        self.lead = ttk.Label(self, anchor="w", justify="left", text=texts["checkin.decision.loading"])
        self.lead.grid(row=0, column=0, columnspan=2, sticky="ew")
        how = texts.say("checkin.decision.card-how", notice=texts["presence.notice"])
        self.how = ttk.Label(self, anchor="w", justify="left", text=how)
        wrapped(self.how, 2)
        self.lead.bind("<Configure>", lambda event: self.lead.configure(wraplength=max(event.width, 40)))

    @property
    def attempt_id(self) -> str:
        """Whose decision is asked for; "" before it is known."""
        return "" if self._referred is None else self._referred.attempt_id

    @property
    def framed(self) -> bool:
        """Whether there is a sheet of frames to look at."""
        return self._referred is not None and self._referred.framed

    @property
    def open(self) -> bool:
        """Whether two persons may let in here, as far as is known: not before it was looked up."""
        return self._referred is None or not self._referred.blocked

    def show(self, referred: Referred) -> None:
        """Ask for what this decision needs, or say why none is made here."""
        self._referred = referred
        if referred.blocked:
            why = self._texts.say(referred.blocked, **referred.blocked_facts)
            self.lead.configure(text=why, foreground=COLOURS["cross"])
            return
        self.lead.grid_remove()
        for row, (name, make) in enumerate(self._wanted(referred), 1):
            label = ttk.Label(self, anchor="w")
            field = make()
            label.grid(row=row, column=0, sticky="w", padx=(0, self._look.px(6)), pady=self._look.px(2))
            field.grid(row=row, column=1, sticky="ew", pady=self._look.px(2))
            self._letters.leads(label, self._texts[f"checkin.decision.{name}"], field)
            self.fields[name] = field
            self._labels[name] = label
        if CARD_FACE in referred.proofs:
            self._values["proof"].trace_add("write", lambda *_names: self._show_card())
            self.how.grid(row=len(FIELDS) + 1, column=0, columnspan=2, sticky="ew")
            self._show_card()

    def _wanted(self, referred: Referred) -> list[tuple[str, Callable[[], Any]]]:
        texts, language = self._texts, self._texts.language
        wanted: list[tuple[str, Callable[[], Any]]] = []
        if not referred.sbd:
            seats = [f"{each.sbd} · {each.name} · {each.birth}" for each in referred.known]
            wanted.append(("who", lambda: self._choice("who", seats)))
        labels = [reason.label(language) for reason in referred.reasons]
        wanted.append(("reason", lambda: self._choice("reason", labels)))
        wanted.append(("note", lambda: self._entry("note")))
        people = [" · ".join(text for text in (name, user) if text) for user, name, _role in referred.people]
        second = (lambda: self._choice("second", people)) if people else (lambda: self._entry("second"))
        wanted.append(("second", second))
        if len(referred.proofs) > 1:
            proofs = [texts[f"checkin.decision.proof.{proof}"] for proof in referred.proofs]
            wanted.append(("proof", lambda: self._choice("proof", proofs, first=True)))
        if CARD_FACE in referred.proofs:
            wanted.append(("card", lambda: self._entry("card")))
        return wanted

    @property
    def _proof(self) -> str:
        """How the second person proves to be there."""
        referred = self._referred
        if referred is None or not referred.proofs:
            return ""
        return str(referred.proofs[self._at("proof") if "proof" in self.fields else 0])

    def _show_card(self) -> None:
        """What a card and a face need is asked for only where they are the proof; `on_card` is told."""
        for part in (self.fields["card"], self._labels["card"], self.how):
            if self._proof == CARD_FACE:
                part.grid()
            else:
                part.grid_remove()
        self.on_card(self._proof == CARD_FACE)

    def put_card(self, text: str) -> None:
        """Take what was scanned of the second person's card."""
        self._values["card"].set(text)
        self.fields["card"].focus_set()

    @property
    def has_card(self) -> bool:
        """Whether there is something in the card's field."""
        return bool(self._values["card"].get().strip())

    def _choice(self, name: str, values: Sequence[str], *, first: bool = False) -> ttk.Combobox:
        box = ttk.Combobox(
            self,
            state="readonly",
            values=list(values),
            textvariable=self._values[name],
            font=self._look.body,
            height=max(1, min(len(values), 10)),
        )
        if values and (first or len(values) == 1):
            box.current(0)
        return box

    def _entry(self, name: str) -> ttk.Entry:
        hidden = "•" if name == "card" else ""
        return ttk.Entry(self, textvariable=self._values[name], font=self._look.body, show=hidden)

    def begin(self) -> None:
        """Put the focus on the first field."""
        if self.fields:
            next(iter(self.fields.values())).focus_set()

    def missing(self) -> str:
        """Return the first field that still needs something; "" when nothing does."""
        referred = self._referred
        if referred is None:
            return "reason"
        needed: tuple[str, ...] = ("who", "reason", "second")
        for name in (*needed, "card") if self._proof == CARD_FACE else needed:
            if name in self.fields and not self._values[name].get().strip():
                return name
        chosen = referred.reasons[self._at("reason")]
        return "note" if chosen.note and not self._values["note"].get().strip() else ""

    def wish(self) -> Wish:
        """Return what was entered; only where nothing is missing."""
        referred = self._referred
        if referred is None or self.missing():
            raise ValueError(self.missing() or "referred")
        typed = self._values["second"].get().strip()
        return Wish(
            sbd=referred.sbd or referred.known[self._at("who")].sbd,
            reason=referred.reasons[self._at("reason")].code,
            second=referred.people[self._at("second")][0] if referred.people else typed,
            proof=self._proof,
            card=self._values["card"].get() if self._proof == CARD_FACE else "",
            note=self._values["note"].get().strip(),
        )

    def _at(self, name: str) -> int:
        """Return which value of a choice is chosen."""
        return max(0, int(self.fields[name].current()))

    def kept(self) -> dict[str, str]:
        """Return what was typed and chosen, to be put back when the page is built anew."""
        chosen = {
            name: str(self._at(name)) for name in self.fields if isinstance(self.fields[name], ttk.Combobox)
        }
        return {
            name: self._values[name].get() and chosen.get(name, self._values[name].get())
            for name in self.fields
            if name != "card"
        }

    def put_back(self, kept: dict[str, str]) -> None:
        """Fill in what was kept."""
        for name, value in kept.items():
            field = self.fields.get(name)
            if isinstance(field, ttk.Combobox) and value:
                field.current(int(value))
            elif field is not None:
                self._values[name].set(value)
