"""The part of verification that looks at a session's day: lots drawn again, self-tests, parts that fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sessions.course.allocation import allocation_fault
from sessions.course.draw import draw_fault
from sessions.events import events
from sessions.record import CHECK_NAMES, Verdict, parse_utc

_REAL: Final = "proctor.real/"
_SELF_TEST: Final = timedelta(hours=12)
_FAILED: Final = "failed"
_ADMITTED: Final = "admitted"
_LOOKS_AGAIN: Final = frozenset({"component-start", "re-entry", "spot-check", "watch"})
"""Purposes of attempts that look again at somebody who was let in."""
_BY_RULE: Final = frozenset({"pad", "pad-turn", "pad-eyes", "pad-flash", "pad-model", "face-search"})
_REQUIRED: Final = tuple(name for name in CHECK_NAMES if name not in _BY_RULE)
"""Checks without which the machine admits nobody, whatever the rules say (proctor.policy.ALWAYS_REQUIRED)."""


class Days:
    """Takes the bodies of schema 2 in order. `heads`: tree heads that draws are bound to: number of the entry, size,
    root.
    """

    def __init__(self) -> None:
        self._tests: dict[int, tuple[datetime, str, str]] = {}
        self._attempts: dict[str, tuple[str, bool]] = {}
        self._admitted: dict[tuple[str, str], set[str]] = {}
        self._excused: set[tuple[str, str, str]] = set()
        self._out: dict[tuple[str, str], set[str]] = {}
        self._listed: dict[str, int] = {}
        self._demanded: dict[str, tuple[str, ...]] = {}
        self._added: dict[str, set[str]] = {}
        self._placed: dict[tuple[str, str], frozenset[str]] = {}
        self._parts: dict[str, set[int]] = {}
        self._divided: dict[str, int] = {}
        self.heads: list[tuple[int, int, str]] = []

    def faults(self, seq: int, body: Mapping[str, Any]) -> Iterable[str]:
        """Return the fields of an entry that do not follow from the others or from the entries before it."""
        kind = body["kind"]
        if kind == "attempt":
            return self._attempt(body)
        if kind in _STEPS and not any(events()[kind].faults(body)):  # a wrong type is a finding by itself
            return tuple(_STEPS[kind](self, seq, str(body.get("session", "")), body))
        return ()

    # -- who is in --------------------------------------------------------------------------------

    def _attempt(self, body: Mapping[str, Any]) -> tuple[str, ...]:
        """An attempt admits only with every check passed: those no rules file can take away, those of the session's."""
        component = str(body.get("component"))
        again = str(body.get("purpose")) in _LOOKS_AGAIN
        if body.get("verdict") != Verdict.ADMIT:
            self._attempts[str(body.get("attempt"))] = component, again
            return ()
        left_out = False
        if "sbd" in body and not again:
            left_out = self._let_in(str(body.get("session")), component, str(body["sbd"]))
        checks = body.get("checks")
        needed = (*_REQUIRED, *self._demanded.get(str(body.get("session")), ()))
        passed = body["schema"] == 1 or (isinstance(checks, dict) and _passed(checks, needed))
        return (*(() if passed else ("checks",)), *(("sbd",) if left_out else ()))

    def _let_in(self, session: str, component: str, sbd: str) -> bool:
        """Note somebody let in; return whether the places drawn there left them out, though they were on the list."""
        self._admitted.setdefault((session, component), set()).add(sbd)
        placed = self._placed.get((session, component))
        return placed is not None and sbd not in placed and sbd not in self._added.get(session, ())

    def _person(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        """An override, a decision or the manual path lets somebody in, too."""
        component, again = self._attempts.get(str(body.get("of", "")), (None, False))
        again |= body.get("purpose", "check-in") in _LOOKS_AGAIN
        said = str(body.get("verdict", body.get("decided", body.get("outcome", ""))))
        where = body.get("component", component)
        if not again and where is not None and (said == Verdict.ADMIT or said.startswith(_ADMITTED)):
            self._let_in(session, where, body["sbd"])
        yield from ()

    def _excuse(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Somebody of whom an incident or an exit at a component speaks may be missing there; of none: anywhere."""
        if "sbd" in body:
            self._excused.add((session, body["sbd"], body.get("component", "")))
        if "sbd" in body and body["kind"] == "exit":
            self._out.setdefault((session, body["sbd"]), set()).add(body.get("component", ""))
        yield from ()

    def _re_entry(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Only who went out comes back."""
        out = self._out.get((session, body["sbd"]), set())
        where = {body.get("component", ""), ""} & out if "component" in body else set(out)
        if not where:
            yield "sbd"
        if body["outcome"] == _ADMITTED:
            out -= where

    def _list(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        self._listed[session] = self._listed.get(session, 0) + body.get("candidates", body.get("added", 0))
        self._added.setdefault(session, set()).update(map(str, body.get("sbds", ())))
        if body["kind"] == "open":
            self._demanded[session] = tuple(map(str, body.get("required", ())))
        if body["kind"] == "roster" and body["added"] and "sbds" not in body:  # nobody knows who
            for key in [key for key in self._placed if key[0] == session]:
                del self._placed[key]
        yield from ()

    # -- the day ----------------------------------------------------------------------------------

    def _self_test(self, seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        self._tests[seq] = (parse_utc(body["at"]), body["outcome"], session)
        yield from ()

    def _start(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        """A start names a self-test of the last hours that did not fail, or says with a second person why not."""
        if "self_test" not in body:
            if str(body["origin"]).startswith(_REAL) and not ("second" in body and "exception" in body):
                yield "self_test"
            return
        at, outcome, of = self._tests.get(body["self_test"], (None, "", ""))
        late = at is None or parse_utc(body["at"]) - at > _SELF_TEST
        if late or outcome == _FAILED or of not in {"", session}:
            yield "self_test"

    def _allocation(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Places are given to no more than are listed, and to nobody anew once somebody was let in."""
        key = session, body["component"]
        fault = allocation_fault(body)
        if fault:
            yield fault
            return
        everybody = frozenset(sbd for shift in body["groups"] for group in shift for sbd in group)
        if len(everybody) > self._listed.get(session, len(everybody)):
            yield "groups"
        if self._admitted.get(key):
            yield "component"
        self._placed[key] = everybody

    def _draw(self, seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        fault = draw_fault(body)
        if fault:
            yield fault
            return
        self.heads.append((seq, body["size"], body["root"]))
        present = self._admitted.get((session, body["component"]), set())
        left_out = present.difference(body["among"])
        where = body["component"], ""
        if any(all((session, sbd, each) not in self._excused for each in where) for sbd in left_out):
            yield "among"

    def _split(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        parts = body["parts"]
        lists = [sbds for sbds in parts.values() if isinstance(sbds, (list, tuple))]
        everybody = [sbd if type(sbd) is str else "" for sbds in lists for sbd in sbds]
        numbers = [str(number) for number in range(1, len(parts) + 1)]
        whole = len(lists) == len(parts) and sorted(parts) == sorted(numbers) and len(parts) > 1
        if not whole or len(set(everybody)) != len(everybody) or not all(lists) or "" in everybody:
            yield "parts"
        own = body["group"] if body["number"] == 1 else f"{body['group']}-p{body['number']}"
        if str(body["number"]) not in numbers or session in self._divided:
            yield "number"
        elif session != own:
            yield "group"
        self._divided[session] = len(parts)

    def _merge(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        """A part is taken over once, by the station that divided the session."""
        known = self._parts.setdefault(session, set())
        if not 2 <= body["part"] <= self._divided.get(session, 0) or body["part"] in known:
            yield "part"
        known.add(body["part"])


def _passed(checks: Mapping[str, Any], needed: Iterable[str]) -> bool:
    try:
        return all(checks[name]["outcome"] == "passed" for name in needed)
    except (KeyError, TypeError):
        return False


_STEPS: Final[Mapping[str, Callable[[Days, int, str, Mapping[str, Any]], Iterator[str]]]] = {
    "open": Days._list,
    "roster": Days._list,
    "override": Days._person,
    "decision": Days._person,
    "manual": Days._person,
    "incident": Days._excuse,
    "exit": Days._excuse,
    "re-entry": Days._re_entry,
    "self-test": Days._self_test,
    "start": Days._start,
    "allocation": Days._allocation,
    "draw": Days._draw,
    "split": Days._split,
    "merge": Days._merge,
}
