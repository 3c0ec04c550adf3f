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


@dataclass(slots=True)
class _Attempt:
    session: str
    sbd: str | None
    component: str
    verdict: str
    again: bool


@dataclass(slots=True)
class _Candidate:
    """One candidate at one component: whether somebody let them in, and which refusal stands: "", "face" or "card"."""

    admitted: bool = False
    refused: str = ""
    owed: set[int] = field(default_factory=set)


class Course:
    """Takes the bodies of schema 2 in order."""

    def __init__(self) -> None:
        self._attempts: dict[str, _Attempt] = {}
        self._candidates: dict[tuple[str, str, str], _Candidate] = {}
        self._incidents: dict[str, set[str]] = {}
        self._done: set[tuple[str, str]] = set()
        self._rosters: dict[str, str] = {}

    def faults(self, seq: int, body: Mapping[str, Any]) -> Iterable[str]:
        """Return why an entry cannot stand here, in words for `why`; nothing for one that may."""
        step = _STEPS.get(body["kind"])
        if step is None or any(events()[body["kind"]].faults(body)):  # a wrong type is a finding by itself
            return ()
        return tuple(step(self, seq, body))

    # -- what is learnt ---------------------------------------------------------------------------

    def _attempt(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        sbd, component = body.get("sbd"), body["component"]
        again = body.get("purpose", "check-in") in _LOOKS_AGAIN
        verdict = _machine(body)
        self._attempts[body["attempt"]] = _Attempt(body["session"], sbd, component, verdict, again)
        if sbd is not None and not again:
            candidate = self._candidate(body["session"], sbd, component)
            candidate.refused = _refused(candidate.refused, verdict, body["checks"])
            candidate.admitted |= body["verdict"] == "ADMIT"
        yield from ()

    def _incident(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        self._incidents.setdefault(body["session"], set()).add(str(body.get("incident", "")))
        yield from ()

    def _open(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        self._rosters.setdefault(body["session"], body["roster_hash"])
        yield from ()

    # -- what is judged ---------------------------------------------------------------------------

    def _override(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        attempt = self._attempts.get(body["of"])
        if attempt is None or attempt.session != body["session"]:
            return  # said where references are checked
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
        attempt = self._attempts.get(body["of"])
        if attempt is None or attempt.session != body["session"]:
            yield "of"
            return
        yield from self._about(body, attempt, "REFUSE", "decision")
        if body["incident"] not in self._incidents.get(body["session"], ()):
            yield "decision-incident"
        roles = {person.get("role") for person in (body["operator"], body["second"])}
        if not roles & _HEADS and not str(body["origin"]).startswith(_TRAINING):
            yield "decision-head"
        if body["decided"] == "admitted":
            candidate = self._candidate(body["session"], body["sbd"], attempt.component)
            if candidate.admitted:
                yield "admitted-twice"
            candidate.admitted, candidate.refused = True, ""

    def _manual(self, seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        candidate = self._candidate(body["session"], body["sbd"], body["component"])
        outcome = str(body["outcome"])
        again = body.get("purpose", "check-in") in _LOOKS_AGAIN
        closes = body.get("facts", {}).get("closes")
        if closes is not None:
            if type(closes) is not int or closes not in candidate.owed:
                yield "manual-closes"
            else:
                candidate.owed.discard(closes)
        elif outcome.startswith("admitted") and not again:
            if candidate.refused:
                yield "manual-after-refuse"
            if candidate.admitted:
                yield "admitted-twice"
            candidate.admitted = True
        if outcome == "admitted-provisionally":
            candidate.owed.add(seq)

    def _re_entry(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        attempt = self._attempts.get(body.get("of", ""))
        if attempt is None or body["outcome"] != "admitted":
            return
        passed = attempt.verdict == "ADMIT" or ("override", body["of"]) in self._done
        if attempt.sbd not in {None, body["sbd"]} or not passed:
            yield "re-entry-of"

    def _roster(self, _seq: int, body: Mapping[str, Any]) -> Iterator[str]:
        before = self._rosters.get(body["session"])
        if "roster_before" in body and before is not None and body["roster_before"] != before:
            yield "roster-before"
        if "sbds" in body and len(body["sbds"]) != body["added"]:
            yield "roster-sbds"
        self._rosters[body["session"]] = body["roster_hash"]

    # -- helpers ----------------------------------------------------------------------------------

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
    "roster": Course._roster,
}
