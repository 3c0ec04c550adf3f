"""The course of a session as its pack shows it: what may come after what, attempts, counts, what names what.

As the log's own verification does it (`audit_order`), for one session, and only where its entries are all there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sessions.audit_course import Course
from sessions.audit_day import Days
from sessions.audit_order import BEFORE_CLOSE, may_follow_close
from sessions.events import is_user
from sessions.pack import Manifest
from sessions.pack_finding import PackFindings
from sessions.pack_rules import Record

_ABOUT_ATTEMPTS: Final = frozenset({"override", "spot-check", "re-entry"})
"""Kinds whose `of` is an attempt of the session."""
_SEEN: Final = frozenset({"override", "manual", "decision"})
"""Kinds that see a candidate whom no attempt may have named."""
_NO_LOTS: Final = frozenset({"self-test", "start"})
"""Kinds of a day that a pack cannot judge: the self-test that a start names is in no pack."""
_STATES: Final = {"ADMIT": "admitted", "REFER": "referred", "REFUSE": "refused"}
_STATION: Final = "station"
_DIFFERS: Final = "pack-session-differs"


def check_course(records: Sequence[Record], manifest: Manifest, findings: PackFindings) -> None:
    """Check the session of a pack all of whose entries were proven; `records` are in order."""
    own = [record for record in records if record.body.get("session") == manifest.session]
    for record in records:
        if record.seq == manifest.first and (record.kind != "open" or record not in own):
            findings.add(_DIFFERS, seq=record.seq, why="open")
    _check_ends(own, manifest, findings)
    _check_attempts(records, own, findings)
    _check_names(own, findings)
    course, days = Course(), Days()
    for record in own:
        for why in days.faults(record.seq, record.body) if record.kind not in _NO_LOTS else ():
            findings.add(_DIFFERS, seq=record.seq, why=why)
        for why in course.faults(record.seq, record.body) if record.body["schema"] == 2 else ():
            findings.add(_DIFFERS, seq=record.seq, why=why)


def _check_ends(own: Sequence[Record], manifest: Manifest, findings: PackFindings) -> None:
    """Check that the session opens and closes once, that nothing of the sitting follows, and the counts of its end."""
    opened = [record for record in own if record.kind == "open"]
    closed = [record for record in own if record.kind == "close"]
    for record in (*opened[1:], *closed[1:]):
        findings.add(_DIFFERS, seq=record.seq, why="second")
    if not closed:
        findings.add("pack-session-open", seq=manifest.first)
        return
    if opened:
        _check_counts(opened[0], closed[0], own, findings)
    for record in own:
        late = record.seq > closed[0].seq and record.kind in BEFORE_CLOSE
        if late and not may_follow_close(record.kind, record.body):
            findings.add(_DIFFERS, seq=record.seq, why="after-close")
    if not any(record.kind == "attempt" for record in own):
        findings.add("pack-session-empty", seq=manifest.first)


def _check_counts(opened: Record, closed: Record, own: Sequence[Record], findings: PackFindings) -> None:
    """Compare the counts of the close entry with the entries before it.

    Where another station's part was taken over, its entries are evidence that a pack need not open: nothing is
    compared.
    """
    before = [record for record in own if record.seq < closed.seq]
    if any(record.kind == "merge" for record in before):
        return
    attempts = [record for record in before if record.kind == "attempt"]
    others = _other_parts(before)
    added = sum(record.number("added") for record in before if record.kind == "roster")
    states: dict[str, str] = {}
    for record in attempts:
        again = record.body.get("purpose", "check-in") != "check-in"
        own_one = "sbd" in record.body and record.text("sbd") not in others
        if own_one and not again and states.get(record.text("sbd")) != "admitted":
            states[record.text("sbd")] = _STATES.get(record.text("verdict"), "")
    seen = ({record.text("sbd") for record in before if record.kind in _SEEN} - others) | set(states)
    counts = {name: list(states.values()).count(name) for name in _STATES.values()}
    counts["candidates"] = opened.number("candidates") + added - len(others)
    counts["not_seen" if "part" in opened.body else "absent"] = counts["candidates"] - len(seen)
    counts["attempts"] = len(attempts)
    for name, count in counts.items():
        said = closed.number(name)
        if said != count:
            findings.add("pack-counts-differ", seq=closed.seq, what=name, said=said, found=count)


def _other_parts(own: Sequence[Record]) -> frozenset[str]:
    """Return the candidates whom a session that was divided gave to other stations."""
    for record in own:
        if record.kind == "split":
            number = str(record.number("number"))
            parts = record.body["parts"].items()
            lists = [sbds for part, sbds in parts if part != number and isinstance(sbds, (list, tuple))]
            return frozenset(sbd for sbds in lists for sbd in sbds if type(sbd) is str)
    return frozenset()


# -- attempts ------------------------------------------------------------------------------------------


def _check_attempts(records: Sequence[Record], own: Sequence[Record], findings: PackFindings) -> None:
    """Check that every attempt began and ended, once, in one session; what the station ended, a person decides."""
    mine = {record.seq for record in own}
    begun: dict[str, int] = {}
    ended: set[str] = set()
    for record in records:
        name = record.text("attempt")
        if record.kind == "begin":
            if record.seq in mine and (name in begun or name in ended):
                findings.add(_DIFFERS, seq=record.seq, why="begun-twice")
            begun.setdefault(name, record.seq)
        elif record.kind == "attempt" and record.seq in mine:
            elsewhere = name in begun and begun[name] not in mine
            for why in _faults(record, again=name in ended, elsewhere=elsewhere, begun=name in begun):
                findings.add(_DIFFERS, seq=record.seq, why=why)
            if name not in begun and record.body["schema"] != 1 and not _is_late(record.body):
                findings.add("pack-attempt-unbegun", seq=record.seq)
            ended.add(name)
    for record in own:
        if record.kind == "begin" and record.text("attempt") not in ended:
            findings.add("pack-attempt-unfinished", seq=record.seq)


def _faults(record: Record, *, again: bool, elsewhere: bool, begun: bool) -> Iterator[str]:
    if again:
        yield "attempt-twice"
    elif elsewhere:
        yield "other-session"
    if record.body["schema"] != 1 and not _ended_right(record, begun):
        yield "by-station"


def _by_station(record: Record) -> bool:
    return bool(record.body["operator"]["id"] == _STATION)


def _ended_right(record: Record, begun: bool) -> bool:
    """Whether an attempt is a person's, or one that the station ends: it admits nobody, it says what a crash left."""
    if not _by_station(record):
        return "late" not in record.body
    interrupted = list(record.body["reasons"]) == ["attempt-interrupted"] and "late" not in record.body
    return _is_late(record.body) or (begun and interrupted and record.text("verdict") == "REFER")


def _is_late(body: Mapping[str, Any]) -> bool:
    """Whether an attempt is one that the disk would not take when it was made, committed later by the station."""
    late, first = body.get("late"), next(iter(body["reasons"]), None)
    said = isinstance(late, dict) and type(late.get("verdict")) is str and is_user(late.get("operator"))
    return (
        said and first == "record-late" and body["verdict"] == "REFER" and body["operator"]["id"] == _STATION
    )


# -- what names what -----------------------------------------------------------------------------------


def _check_names(own: Sequence[Record], findings: PackFindings) -> None:
    """Check that what is decided otherwise, or corrected, is an attempt or an entry of the session before it."""
    attempts: set[str] = set()
    seqs: set[int] = set()
    for record in own:
        merged = record.kind == "override" and "of_station" in record.body  # judged as exceptions are
        named = record.kind in _ABOUT_ATTEMPTS and "of" in record.body and not merged
        if named and record.text("of") not in attempts:
            findings.add(_DIFFERS, seq=record.seq, why="of")
        elif record.kind == "correction" and record.number("corrects") not in seqs:
            findings.add(_DIFFERS, seq=record.seq, why="corrects")
        elif record.kind == "attempt":
            attempts.add(record.text("attempt"))
        seqs.add(record.seq)
