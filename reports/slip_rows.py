"""What the log says of one candidate, as rows of the slip: each check, each person's decision, each result. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reports.exceptions_sheet import People
from reports.session_sheet import Frame, cell
from reports.sheet import Row
from reports.wording import DASH, clean, say
from sessions.checkpoint import station_of
from sessions.course.entries import SessionEntry
from sessions.course.grading import points_of, points_text
from sessions.course.reasons import reason_label
from sessions.course.result_log import VOID
from sessions.record import parse_utc
from sessions.vietnam import VIETNAM

ATTEMPT: Final = "attempt"
_MARKS: Final = {"ADMIT": "A", "REFER": "R", "REFUSE": "X"}
_ABOUT: Final = frozenset(
    {
        "attempt",
        "override",
        "decision",
        "manual",
        "exit",
        "re-entry",
        "spot-check",
        "incident",
        "result",
        "correction",
        "prior",
    }
)
"""The kinds of entries that a slip tells."""
_SHOWN_REASONS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A row's words before layout: whose column is what, and the seal's letter."""

    result: tuple[str, ...]
    note: tuple[str, ...]
    letter: str = "-"
    points: str = ""


def entries_about(entries: Sequence[SessionEntry], sbd: str) -> tuple[SessionEntry, ...]:
    """Return the entries that a candidate's slip tells, in order.

    Those that name the candidate, and the attempts that named nobody until persons said whose they were.
    """
    told = [entry for entry in entries if entry.kind in _ABOUT]
    named = {
        str(entry.body["of"])
        for entry in told
        if entry.body.get("sbd") == sbd
        and entry.kind in {"override", "decision", "manual"}
        and "of" in entry.body
    }
    return tuple(entry for entry in told if _is_about(entry, sbd, named))


def _is_about(entry: SessionEntry, sbd: str, named: set[str]) -> bool:
    body = entry.body
    if entry.kind == "prior":
        return any(passed.get("sbd") == sbd for passed in body["passes"])
    if body.get("sbd") == sbd:
        return True
    return entry.kind == ATTEMPT and "sbd" not in body and body["attempt"] in named


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Turns entries about one candidate into rows."""

    frame: Frame
    people: People
    sbd: str
    tried: Mapping[str, str] = field(default_factory=dict)
    """By attempt its component: a decision may name the attempt alone."""

    def row(self, entry: SessionEntry) -> Row:
        """Return the row of an entry."""
        told = _TELL[entry.kind](self, entry)
        at = parse_utc(entry.at).astimezone(VIETNAM)
        part = "" if entry.part is None else self.frame.say("part", part=entry.part)
        where = self.frame.say("slip.entry", entry=entry.seq)
        cells = (
            cell(self._component(entry)),
            cell(at.strftime("%H:%M:%S"), at.strftime("%d/%m/%Y"), where, part),
            cell(""),
            cell(told.points),
            cell(*told.result, strong=True),
            cell(*told.note),
        )
        return Row(cells=cells, mark=(clean(self.sbd), told.letter))

    def _component(self, entry: SessionEntry) -> str:
        name = entry.body.get("component", self.tried.get(str(entry.body.get("of"))))
        return DASH if name is None else self.frame.component_of({"component": name})

    def who(self, entry: SessionEntry) -> str:
        """Return who made an entry, both where there were two, and how the second one proved to be there."""
        first = self.people.person(entry.body["operator"]).words
        second = entry.body.get("second")
        if second is None:
            return self.frame.say("slip.by", who=first)
        return self.frame.say(
            "slip.by-two",
            who=first,
            second=self.people.person(second).words,
            proof=self.frame.coded("proof", str(second["proof"])),
        )

    def where(self, entry: SessionEntry) -> str:
        """Return by whom an entry was made, and at which station."""
        return self.frame.say("slip.station", who=self.who(entry), station=station_of(entry.origin))

    def why(self, act: str, code: str) -> str:
        """Return a reason in words."""
        words = reason_label(act, code, self.frame.language)
        return words if words != code else self.frame.coded("reason", code)

    def attempt(self, entry: SessionEntry) -> Told:
        """One pass at the desk: the machine's verdict, how, chip, face, why."""
        body, say_ = entry.body, self.frame.say
        purpose = str(body.get("purpose", "check-in"))
        notes = [
            say_("slip.attempt", how=self.frame.coded("how", str(body["method"])), chip=self.chip(body)),
            self.face(body),
            *self.reasons(body),
            self.where(entry),
        ]
        verdict = str(body["verdict"])
        words = (self.frame.coded("slip.verdict", verdict), self.frame.coded("slip.purpose", purpose))
        return Told(result=words, note=tuple(notes), letter=_MARKS.get(verdict, "-"))

    def chip(self, body: Mapping[str, Any]) -> str:
        """Return what was said of the chip, in words."""
        key = f"chip-verdict.{body['chip_verdict']}"
        return say(self.frame.texts, key) if key in self.frame.texts else clean(str(body["chip_verdict"]))

    def face(self, body: Mapping[str, Any]) -> str:
        """Return the score, the threshold and by which model, or that no face was compared."""
        facts = body["checks"].get("face-match", {}).get("facts", {})
        if type(facts.get("score_e4")) is not int:
            return self.frame.say("slip.no-face")
        return self.frame.say(
            "slip.face", score=e4(facts["score_e4"]), threshold=e4(facts.get("threshold_e4"))
        )

    def reasons(self, body: Mapping[str, Any]) -> list[str]:
        """Return why the machine did not admit, in words."""
        codes = [str(code) for code in body["reasons"]]
        if not codes:
            return []
        words = [self._reason(code) for code in codes[:_SHOWN_REASONS]]
        more = [] if len(codes) <= _SHOWN_REASONS else [f"+{len(codes) - _SHOWN_REASONS}"]
        return [self.frame.say("slip.because", reasons="; ".join((*words, *more)))]

    def _reason(self, code: str) -> str:
        key = f"sheet.reason.{code}"
        return say(self.frame.texts, key) if key in self.frame.texts else clean(code)

    def override(self, entry: SessionEntry) -> Told:
        """Two persons let in somebody whom the machine referred."""
        return self._decided(entry, "override", str(entry.body["verdict"]) == "ADMIT")

    def decision(self, entry: SessionEntry) -> Told:
        """The chairman's decision: what the machine found stays."""
        return self._decided(entry, "decision", entry.body["decided"] == "admitted", letter="X")

    def manual(self, entry: SessionEntry) -> Told:
        """Two persons established who somebody is."""
        body = entry.body
        document = self.frame.coded("document", str(body["document"]))
        told = self._decided(entry, "manual", str(body["outcome"]).startswith("admitted"))
        result = (told.result[0], self.frame.coded("manual", str(body["outcome"])))
        return Told(result=result, note=(document, *told.note), letter=told.letter)

    def _decided(self, entry: SessionEntry, act: str, admits: bool, *, letter: str = "") -> Told:
        say_ = self.frame.say
        result = [say_(f"kind.{act}"), say_("decided.admitted" if admits else "decided.not-admitted")]
        if act == "decision":
            result.append(say_("kind.decision.machine"))
        notes = (self.why(act, str(entry.body["reason"])), self.where(entry))
        return Told(result=tuple(result), note=notes, letter=letter or ("A" if admits else "R"))

    def exit(self, entry: SessionEntry) -> Told:
        """Somebody left the room."""
        said = self.why("exit", str(entry.body["reason"]))
        return Told(result=(self.frame.say("slip.exit"),), note=(said, self.who(entry)))

    def re_entry(self, entry: SessionEntry) -> Told:
        """Somebody came back."""
        outcome = self.frame.coded("slip.re-entry", str(entry.body["outcome"]))
        return Told(result=(self.frame.say("slip.back"), outcome), note=(self.who(entry),))

    def spot_check(self, entry: SessionEntry) -> Told:
        """What came of a random check."""
        outcome = self.frame.coded("slip.spot-check", str(entry.body["outcome"]))
        drawn = self.frame.say("slip.drawn", entry=str(entry.body["draw"]))
        return Told(result=(self.frame.say("slip.spot-check"), outcome), note=(drawn, self.who(entry)))

    def incident(self, entry: SessionEntry) -> Told:
        """Something happened, or what follows from it was decided."""
        body = entry.body
        known = self.frame.session.rules.incidents.get(str(body["code"]))
        label = clean(str(body["code"])) if known is None else known.label
        follows = self.frame.coded("consequence", str(body.get("consequence", "none")))
        number = str(body.get("incident", entry.seq))
        return Told(
            result=(self.frame.say("slip.incident"), follows),
            note=(label, self.frame.say("slip.number", number=number), self.who(entry)),
        )

    def result(self, entry: SessionEntry) -> Told:
        """Points as entered; what they come to stands in the component's own row."""
        body = entry.body
        source = self.frame.say("slip.source", source=str(body["source"]))
        return Told(
            result=(self.frame.say("slip.entered"), self._stated(body)),
            note=(source, self.who(entry)),
            points=_points(body),
        )

    def correction(self, entry: SessionEntry) -> Told:
        """A later entry in the place of an earlier one, which stays."""
        body = entry.body
        values = body.get("values", {})
        number = int(body.get("of_seq", body["corrects"]))
        return Told(
            result=(self.frame.say("kind.correction", entry=number), self._stated(values)),
            note=(self.why("correction", str(body["reason"])), self.where(entry)),
            points=_points(values),
        )

    def prior(self, entry: SessionEntry) -> Told:
        """A component passed before, as somebody stated it."""
        known = self.frame.session.rules.components
        words = [
            self.frame.say(
                "slip.passed",
                component=known[name].label if (name := str(passed["component"])) in known else clean(name),
                day=str(passed.get("passed_on", DASH)),
            )
            for passed in entry.body["passes"]
            if passed.get("sbd") == self.sbd
        ]
        source = self.frame.say("slip.source", source=f"{entry.body['source']} {entry.body['reference']}")
        return Told(result=(self.frame.say("slip.prior"), *words), note=(source, self.who(entry)))

    def _stated(self, values: Mapping[str, Any]) -> str:
        outcome = str(values.get("outcome", ""))
        if outcome == VOID:
            return self.frame.say("slip.void")
        return self.frame.coded("status", outcome) if outcome else ""


def _points(values: Mapping[str, Any]) -> str:
    points = points_of(values)
    return DASH if points is None else points_text(points)


def e4(value: object) -> str:
    """Return ten-thousandths as a decimal number: 9784 → "0,9784"; a dash for what is none."""
    if type(value) is not int:
        return DASH
    whole, part = divmod(abs(value), 10_000)
    return f"{'-' if value < 0 else ''}{whole},{part:04d}"


_TELL: Final[Mapping[str, Callable[[Teller, SessionEntry], Told]]] = {
    "attempt": Teller.attempt,
    "override": Teller.override,
    "decision": Teller.decision,
    "manual": Teller.manual,
    "exit": Teller.exit,
    "re-entry": Teller.re_entry,
    "spot-check": Teller.spot_check,
    "incident": Teller.incident,
    "result": Teller.result,
    "correction": Teller.correction,
    "prior": Teller.prior,
}
