"""The part of verification that looks at exceptions: what two persons, or the chairman, decided, and about what.

The machine's verdict bounds what people may write: an override turns a REFER, a decision a REFUSE, and each only once;
the manual path is not for somebody whom the machine refused. Shares nothing with what writes these entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sessions.events import events

_TRAINING: Final = "proctor.training/"
_LOOKS_AGAIN: Final = frozenset({"component-start", "re-entry", "spot-check", "watch"})
"""Purposes of attempts that look again at somebody who was let in."""
_HEADS: Final = frozenset({"chairman", "deputy-chairman", "site-head"})
"""Roles whose decision it is after a refusal."""
_HARD: Final = (
    "card-access",
    "chip-open",
    "pa-keys",
    "chip-genuine",
    "pa-consistent",
    "pa-trusted",
    "face-capture",
)
"""Checks whose failure speaks against card or station; no later attempt but an admission takes that back."""
_FACE: Final = "face-match"
_WORDS: Final = {"ADMIT": "same-person", "REFER": "unsure", "REFUSE": "other-person"}
"""What a verdict says in a random check."""


@dataclass(slots=True)
class _Attempt:
    """`again`: it looked again at somebody who was in, or named nobody and was meant to."""

    session: str
    sbd: str | None
    component: str
    verdict: str
    again: bool
    purpose: str = "check-in"
    seq: int = -1
    checks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Candidate:
    """One candidate at one component: whether somebody let them in, and which refusal stands: "", "face" or "card".

    `left`: the last exit; `looks`: purpose → the last entry that looked again, and the attempt it is, or "".
    """

    admitted: bool = False
    refused: str = ""
    left: int = -1
    looks: dict[str, tuple[int, str]] = field(default_factory=dict)
    owed: set[int] = field(default_factory=set)


class Course:
    """Takes the bodies of schema 2 in order."""

    def __init__(self) -> None:
        self._attempts: dict[str, _Attempt] = {}
        self._candidates: dict[tuple[str, str, str], _Candidate] = {}
        self._incidents: dict[str, dict[str, tuple[Any, Any]]] = {}
        self._done: set[tuple[str, str]] = set()
        self._opened: set[str] = set()
        self._merged: set[tuple[str, str]] = set()
        self._elsewhere: set[tuple[str, str]] = set()
        self._draws: dict[tuple[str, str], tuple[str, ...]] = {}
        self._rosters: dict[str, str] = {}

    def faults(self, seq: int, body: Mapping[str, Any]) -> Iterable[str]:
        """Return why an entry cannot stand here, in words for `why`; nothing for one that may."""
        step = _STEPS.get(body["kind"])
        if step is None or any(events()[body["kind"]].faults(body)):  # a wrong type is a finding by itself
            return ()
        return tuple(step(self, seq, body))

    # -- what is learnt ---------------------------------------------------------------------------

    def _attempt(self, seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        sbd, component = body.get("sbd"), body["component"]
        purpose = str(body.get("purpose", "check-in"))
        again, verdict = purpose in _LOOKS_AGAIN, _machine(body)
        if sbd is not None:
            candidate = self._candidate(body["session"], sbd, component)
            enters = verdict == "ADMIT" and not again
            if again:
                candidate.looks[purpose] = (seq, body["attempt"])
                again = candidate.admitted or (body["session"], sbd) in self._elsewhere
            if again or not candidate.admitted:
                takes_back = enters or again or verdict != "ADMIT"
                said = verdict if takes_back else "REFER"
                candidate.refused = _refused(candidate.refused, said, body["checks"])
            candidate.admitted |= enters
        self._attempts[body["attempt"]] = _Attempt(
            body["session"], sbd, component, verdict, again, purpose, seq, body["checks"]
        )
        yield from ()

    def _incident(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        """What follows from an incident is changed by two persons."""
        known = self._incidents.setdefault(body["session"], {})
        number = str(body.get("incident", ""))
        if number in known and "incident" in body and "second" not in body:
            yield "incident-alone"
        attempt = self._attempts.get(body.get("attempt_of", ""))
        if attempt is not None and body.get("component", attempt.component) == attempt.component:
            self._confirm(body, attempt)
        known.setdefault(number, (body.get("sbd"), body.get("attempt_of")))

    def _exit(self, seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        if "component" in body:
            self._candidate(body["session"], body["sbd"], body["component"]).left = seq
        yield from ()

    def _draw(self, seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        self._draws[body["session"], str(seq)] = tuple(map(str, body["drawn"]))
        yield from ()

    def _split(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        """Whom another station checks in may be in here, once that part was taken over."""
        others = (sbds for part, sbds in body["parts"].items() if part != str(body["number"]))
        lists = (sbds for sbds in others if isinstance(sbds, (list, tuple)))
        self._elsewhere.update((body["session"], str(sbd)) for sbds in lists for sbd in sbds)
        yield from ()

    def _merge(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        self._merged.add((body["session"], _station(body["part_origin"])))
        yield from ()

    def _open(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        self._rosters.setdefault(body["session"], body["roster_hash"])
        yield from ()

    # -- what is judged ---------------------------------------------------------------------------

    def _override(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        attempt = self._meant(body, "REFER")
        if attempt is None:
            if "of_station" in body:
                yield "of"
            return  # else said where references are checked
        yield from self._about(body, attempt, "REFER", "override")
        if body["verdict"] != "ADMIT":
            yield "override-verdict"
        candidate = self._candidate(body["session"], body["sbd"], attempt.component)
        if candidate.refused:
            yield "override-after-refuse"
        if candidate.admitted and not attempt.again:
            yield "admitted-twice"
        candidate.admitted = True

    def _decision(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        attempt = self._meant(body, "REFUSE")
        if attempt is None:
            yield "of"
            return
        yield from self._about(body, attempt, "REFUSE", "decision")
        self._confirm(body, attempt)
        sbd, of = self._incidents.get(body["session"], {}).get(body["incident"], (None, ""))
        there = "of_station" in body and of == ""  # an incident of that station stands in its own log
        if not there and sbd != body["sbd"] and not (sbd is None and of in {None, body["of"]}):
            yield "decision-incident"
        roles = {person.get("role") for person in (body["operator"], body["second"])}
        if not roles & _HEADS and not str(body["origin"]).startswith(_TRAINING):
            yield "decision-head"
        if body["decided"] == "admitted":
            candidate = self._candidate(body["session"], body["sbd"], attempt.component)
            if candidate.admitted and not attempt.again:
                yield "admitted-twice"
            candidate.admitted, candidate.refused = True, ""
            self._opened.add(body["of"])

    def _manual(self, seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        candidate = self._candidate(body["session"], body["sbd"], body["component"])
        outcome = str(body["outcome"])
        purpose = str(body.get("purpose", "check-in"))
        again = purpose in _LOOKS_AGAIN and candidate.admitted
        closes = body.get("facts", {}).get("closes")
        if closes is not None:
            merged = (body["session"], body["facts"].get("of_station")) in self._merged
            if merged and type(closes) is int:
                pass  # what was owed stands among that part's evidence
            elif type(closes) is not int or closes not in candidate.owed:
                yield "manual-closes"
            else:
                candidate.owed.discard(closes)
        elif outcome.startswith("admitted"):
            if candidate.refused:
                yield "manual-after-refuse"
            if candidate.admitted and not again:
                yield "admitted-twice"
            candidate.admitted = True
        if purpose in _LOOKS_AGAIN:
            candidate.looks[purpose] = (seq, "" if outcome.startswith("admitted") else "-")
        if outcome == "admitted-provisionally":
            candidate.owed.add(seq)

    def _re_entry(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        """Who comes back was looked at again since the exit: the last such entry admits, and no refusal stands."""
        if body["outcome"] != "admitted":
            return
        of, attempt = body.get("of", ""), self._attempts.get(body.get("of", ""))
        component = body.get("component", "" if attempt is None else attempt.component)
        candidate = self._candidate(body["session"], body["sbd"], component)
        seq, last = candidate.looks.get("re-entry", (-1, ""))
        if of != (last if seq > candidate.left else ""):
            yield "re-entry-of"
        elif attempt is not None:
            turned = of in self._opened or ("override", of) in self._done
            if attempt.component != component or not (attempt.verdict == "ADMIT" or turned):
                yield "re-entry-of"
        if candidate.refused:
            yield "re-entry-after-refuse"

    def _spot_check(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        """The last look since the draw says what came of it; a word does where nobody looked."""
        session, of = body["session"], body.get("of", "")
        drawn = self._draws.get((session, body["draw"]))
        if drawn is None or body["sbd"] not in drawn:
            yield "spot-check-draw"
            return
        attempt = self._attempts.get(of)
        component = body.get("component", "" if attempt is None else attempt.component)
        seq, last = self._candidate(session, body["sbd"], component).looks.get("spot-check", (-1, ""))
        since = int(body["draw"])
        last = last if seq > since else ""
        if attempt is None:
            if last or of:
                yield "spot-check-of"
            return
        said = _WORDS.get(attempt.verdict, "") if attempt.sbd == body["sbd"] else ""
        if attempt.sbd != body["sbd"]:
            said = "unsure" if attempt.sbd is None else "other-person"
        late = attempt.seq < since or (last not in {"", of} and seq > attempt.seq)
        if attempt.purpose != "spot-check" or attempt.component != component or late:
            yield "spot-check-of"
        elif body["outcome"] != said:
            yield "spot-check-outcome"

    def _roster(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        before = self._rosters.get(body["session"])
        if "roster_before" in body and before is not None and body["roster_before"] != before:
            yield "roster-before"
        if "sbds" in body and len(body["sbds"]) != body["added"]:
            yield "roster-sbds"
        self._rosters[body["session"]] = body["roster_hash"]

    # -- helpers ----------------------------------------------------------------------------------

    def _confirm(self, body: Mapping[str, Any], attempt: _Attempt) -> None:
        """An attempt that named nobody was somebody's: a refusal of it stands like any other."""
        if "sbd" in body and attempt.sbd is None and attempt.session == body["session"]:
            candidate = self._candidate(body["session"], body["sbd"], attempt.component)
            said = "REFER" if attempt.verdict == "ADMIT" else attempt.verdict
            if not candidate.admitted:
                candidate.refused = _refused(candidate.refused, said, attempt.checks)

    def _meant(self, body: Mapping[str, Any], verdict: str) -> _Attempt | None:
        """Return the attempt that an entry is about, or None; one of a part that was taken over as the entry says
        it, for it stands among that part's evidence.
        """
        attempt = self._attempts.get(body["of"])
        if "of_station" not in body:
            return None if attempt is None or attempt.session != body["session"] else attempt
        merged = (body["session"], body["of_station"]) in self._merged
        if attempt is not None or not merged or "component" not in body:
            return None
        again = self._candidate(body["session"], body["sbd"], body["component"]).admitted
        return _Attempt(body["session"], body["sbd"], body["component"], verdict, again=again)

    def _about(self, body: Mapping[str, Any], attempt: _Attempt, verdict: str, kind: str) -> Iterator[str]:
        """Yield what is wrong with the attempt that an entry is about: its verdict, its candidate, or that it was
        decided about before.
        """
        if attempt.verdict != verdict:
            yield f"{kind}-of"
        named = attempt.sbd in {None, body["sbd"]}
        if not named or body.get("component", attempt.component) != attempt.component:
            yield f"{kind}-sbd"
        if (kind, body["of"]) in self._done:
            yield f"{kind}-twice"
        self._done.add((kind, body["of"]))

    def _candidate(self, session: str, sbd: str, component: str) -> _Candidate:
        return self._candidates.setdefault((session, sbd, component), _Candidate())


def _station(origin: str) -> str:
    """Return the station in an origin, without its epoch."""
    return "/".join(origin.split("/")[:2])


def _machine(body: Mapping[str, Any]) -> str:
    """Return what the machine decided; of an attempt committed late: then, but for an ADMIT, which it did not give."""
    late = body.get("late")
    decided = late.get("verdict") if isinstance(late, dict) else None
    return "REFUSE" if decided == "REFUSE" else str(body["verdict"])


def _refused(standing: str, verdict: str, checks: Mapping[str, Any]) -> str:
    """Return which refusal stands after an attempt."""
    if verdict == "ADMIT" or (standing == "face" and _outcome(checks, _FACE) in {"passed", "indeterminate"}):
        standing = ""
    if verdict != "REFUSE" or standing == "card":
        return standing
    hard = any(_outcome(checks, name) == "failed" for name in _HARD)
    return "face" if not hard and _outcome(checks, _FACE) == "failed" else "card"


def _outcome(checks: Mapping[str, Any], name: str) -> str:
    row = checks.get(name)
    return str(row.get("outcome")) if isinstance(row, dict) else ""


_STEPS: Final[Mapping[str, Callable[[Course, int, Mapping[str, Any]], Iterator[str]]]] = {
    "open": Course._open,
    "attempt": Course._attempt,
    "incident": Course._incident,
    "override": Course._override,
    "decision": Course._decision,
    "manual": Course._manual,
    "re-entry": Course._re_entry,
    "spot-check": Course._spot_check,
    "exit": Course._exit,
    "draw": Course._draw,
    "merge": Course._merge,
    "split": Course._split,
    "roster": Course._roster,
}
