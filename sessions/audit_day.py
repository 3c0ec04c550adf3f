"""The part of verification that looks at a session's day: lots drawn again, self-tests, parts that fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sessions.course.allocation import allocation_fault
from sessions.course.draw import draw_fault
from sessions.events import events
from sessions.record import Verdict, parse_utc

_REAL: Final = "proctor.real/"
_SELF_TEST: Final = timedelta(hours=12)
_FAILED: Final = "failed"


class Days:
    """Takes the bodies of schema 2 in order. `heads`: tree heads that draws are bound to: number of the entry, size,
    root.
    """

    def __init__(self) -> None:
        self._tests: dict[int, tuple[datetime, str, str]] = {}
        self._admitted: dict[tuple[str, str], set[str]] = {}
        self._excused: set[tuple[str, str]] = set()
        self._parts: dict[str, set[int]] = {}
        self._divided: dict[str, int] = {}
        self.heads: list[tuple[int, int, str]] = []

    def faults(self, seq: int, body: Mapping[str, Any]) -> Iterable[str]:
        """Return the fields of an entry that do not follow from the others or from the entries before it."""
        kind = body["kind"]
        if kind == "attempt":
            self._attempt(body)
        elif kind in _EXCUSES:
            self._excused.add((str(body.get("session")), str(body.get("sbd"))))
        elif kind in _STEPS and not any(events()[kind].faults(body)):  # a wrong type is a finding by itself
            return tuple(_STEPS[kind](self, seq, str(body.get("session", "")), body))
        return ()

    def _attempt(self, body: Mapping[str, Any]) -> None:
        if body.get("verdict") == Verdict.ADMIT and "sbd" in body:
            key = str(body.get("session")), str(body.get("component"))
            self._admitted.setdefault(key, set()).add(str(body["sbd"]))

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

    def _allocation(self, _seq: int, _session: str, body: Mapping[str, Any]) -> Iterator[str]:
        fault = allocation_fault(body)
        if fault:
            yield fault

    def _draw(self, seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        fault = draw_fault(body)
        if fault:
            yield fault
            return
        self.heads.append((seq, body["size"], body["root"]))
        present = self._admitted.get((session, body["component"]), set())
        left_out = present.difference(body["among"])
        if any((session, sbd) not in self._excused for sbd in left_out):
            yield "among"

    def _split(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        parts = body["parts"]
        lists = [sbds for sbds in parts.values() if isinstance(sbds, (list, tuple))]
        everybody = [str(sbd) for sbds in lists for sbd in sbds]
        numbers = [str(number) for number in range(1, len(parts) + 1)]
        whole = len(lists) == len(parts) and sorted(parts) == sorted(numbers) and len(parts) > 1
        if not whole or len(set(everybody)) != len(everybody) or not all(lists):
            yield "parts"
        if str(body["number"]) not in numbers or session in self._divided:
            yield "number"
        self._divided[session] = len(parts)

    def _merge(self, _seq: int, session: str, body: Mapping[str, Any]) -> Iterator[str]:
        """A part is taken over once, by the station that divided the session."""
        known = self._parts.setdefault(session, set())
        if not 2 <= body["part"] <= self._divided.get(session, 0) or body["part"] in known:
            yield "part"
        known.add(body["part"])


_EXCUSES: Final = frozenset({"incident", "exit"})
"""Kinds after which somebody may be missing among those who can be drawn."""
_STEPS: Final[Mapping[str, Callable[[Days, int, str, Mapping[str, Any]], Iterator[str]]]] = {
    "self-test": Days._self_test,
    "start": Days._start,
    "allocation": Days._allocation,
    "draw": Days._draw,
    "split": Days._split,
    "merge": Days._merge,
}
