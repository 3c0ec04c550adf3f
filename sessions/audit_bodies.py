"""The part of verification that reads bodies: their form, the fields of their kind, their clocks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from sessions.canonical import Shapes
from sessions.clocks import FIELDS, TOLERANCE_MS
from sessions.errors import CanonicalFormError
from sessions.event_forms import EventForm
from sessions.events import event_of
from sessions.finding import Findings
from sessions.keyschedule import KeySchedule
from sessions.record import parse_utc

_common: Final = itemgetter("schema", "kind", "seq", "origin", "at", "monotonic_ms", "boot_id", "operator")
_TYPES: Final = (int, str, int, str, str, int, str, dict)
_OPERATOR: Final = {"id", "role"}
_BINDING: Final = frozenset({"evidence", "evidence_keys", "evidence_slot", "evidence_key"})
_HEXADECIMAL: Final = re.compile("[0-9a-f]*")
_KEYED: Final = frozenset({"key", "epoch"})


class Bodies:
    """Reads one body after the other; what it returns has the common fields and stands at its place.

    `newest` is the schema of the file: it has no entries of a later one.
    """

    def __init__(self, findings: Findings, schedule: KeySchedule, newest: int) -> None:
        self._findings, self._schedule, self._newest = findings, schedule, newest
        self._shapes = Shapes("checks", "outcome")
        self._forms: dict[str, EventForm] = {}
        self._before: tuple[int, datetime, Mapping[str, Any]] | None = None
        self._schema = 1

    def read(self, seq: int, data: bytes, columns: tuple[Any, ...], origin: str) -> dict[str, Any] | None:
        """Return the body of an entry, or None where it has no usable form; `origin` is what to expect where the
        schedule knows no name yet.
        """
        try:
            body = self._shapes.decode(data)
            at = _require_common(body, seq)
        except (CanonicalFormError, ValueError):
            self._findings.add("log-altered-body", seq=seq, why="form")
            return None
        fault = self._schedule.add(seq, body) if body["kind"] in _KEYED else None
        if fault is not None and seq:
            self._findings.add("log-altered-event", seq=seq, kind=body["kind"], field=fault)
        if body["origin"] != (self._schedule.origin or origin):
            self._findings.add("log-altered-body", seq=seq, why="form")
            return None
        if columns != (body["kind"], body.get("session"), body.get("attempt")):
            self._findings.add("log-altered-body", seq=seq, why="columns")
        self._judge(seq, body, at)
        return body

    def forget(self) -> None:
        """Entries are missing: the next one has none before it."""
        self._before = None

    def _judge(self, seq: int, body: Mapping[str, Any], at: datetime) -> None:
        """Hold against an entry of schema 2 what its kind and its clocks must be."""
        if not self._schema <= body["schema"] <= self._newest:
            self._findings.add("log-altered-order", seq=seq, why="schema")
        self._schema = max(self._schema, body["schema"])
        if body["schema"] == 2:
            self._event(seq, body)
            self._clock(seq, body, at)
        self._before = (seq, at, body)

    def _event(self, seq: int, body: Mapping[str, Any]) -> None:
        kind = body["kind"]
        event = None if "/" in kind else event_of(kind, body)
        if event is None:
            name = "event" if kind == "key" else "kind"
            self._findings.add("log-altered-event", seq=seq, kind=kind[:40], field=name)
            return
        form = self._forms.get(event.name)
        if form is None:
            form = self._forms[event.name] = EventForm(event)
        if form.fits(body, body.get("evidence", ())):
            return
        for fault in event.faults(body):
            self._findings.add("log-altered-event", seq=seq, kind=kind, field=fault)
        for name in event.wrong_evidence(body.get("evidence", ())):
            self._findings.add("log-altered-event", seq=seq, kind=kind, field=f"evidence {name[:40]}")

    def _clock(self, seq: int, body: Mapping[str, Any], at: datetime) -> None:
        """Compare the clocks with those of the entry before; a new epoch may be another machine at another time."""
        jumped = body["kind"] == "clock"
        if self._before is None or self._before[0] != seq - 1 or body["kind"] == "epoch":
            return
        _, at_before, before = self._before
        jump = round((at - at_before).total_seconds() * 1000)
        if body["boot_id"] == before["boot_id"]:
            advance = body["monotonic_ms"] - before["monotonic_ms"]
            jump -= advance
            must = abs(jump) > TOLERANCE_MS
            if advance < 0:
                self._findings.add("clock-back", seq=seq, ms=-advance)
        else:
            must = jump < 0
        if must != jumped:
            self._findings.add("log-altered-clock", seq=seq, why="missing" if must else "needless")
        elif jumped:
            known = {name: before[name] for name in FIELDS}
            if body.get("jump_ms") != jump or body.get("before") != known:
                self._findings.add("log-altered-clock", seq=seq, why="other")
            self._findings.add("clock-jump", seq=seq, ms=jump)


def _require_common(body: Mapping[str, Any], seq: int) -> datetime:
    """Return an entry's time; raise ValueError unless it has the fields of every entry, with the right types."""
    try:
        found = _common(body)
    except KeyError:
        raise ValueError("common fields") from None
    if tuple(map(type, found)) != _TYPES:
        raise ValueError("common fields")
    schema, operator = body["schema"], body["operator"]
    if schema not in {1, 2} or body["seq"] != seq or operator.keys() != _OPERATOR:
        raise ValueError("place")
    if schema == 1:
        _require_bound_1(body)
    else:
        if not (
            type(operator["id"]) is type(operator["role"]) is str and operator["id"] and operator["role"]
        ):
            raise ValueError("operator")
        if not _BINDING.isdisjoint(body):
            _require_bound_2(body)
    return parse_utc(body["at"])


def _require_bound_1(body: Mapping[str, Any]) -> None:
    """Schema 1: names with hashes, and the hash of the one wrapped key."""
    bound = body.get("evidence", {})
    if not isinstance(bound, dict) or bool(bound) != ("evidence_key" in body):
        raise ValueError("evidence")


def _require_bound_2(body: Mapping[str, Any]) -> None:
    """Schema 2: evidence, keys' hashes and slot are there together."""
    bound, keys, slot = (body.get(name) for name in ("evidence", "evidence_keys", "evidence_slot"))
    if type(bound) is not dict or type(keys) is not dict or type(slot) is not int or "evidence_key" in body:
        raise ValueError("evidence")
    if not bound or bound.keys() != keys.keys() or slot < 0:
        raise ValueError("evidence")
    hashes = [*bound.values(), *keys.values()]
    if set(map(type, hashes)) != {str} or set(map(len, hashes)) != {64}:
        raise ValueError("evidence")
    if not _HEXADECIMAL.fullmatch("".join(hashes)):
        raise ValueError("evidence")
