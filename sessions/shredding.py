"""Erasure: an entry of two persons first, then keys and ciphertexts destroyed, then what the file still held of them.

The order makes a crash harmless at every point: what the committed entry names is destroyed sooner or later
(`finish`, at every opening), and nothing is destroyed that no entry names. The log stays provable, since bodies hold
only hashes of ciphertexts and of keys.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sessions.destruction import destroy_named, finish
from sessions.errors import (
    ErasureHeldError,
    ErasureNothingError,
    ErasureTargetError,
    ErasureUnfinishedError,
    EvidenceMissingError,
)
from sessions.evidence_box import slot_of
from sessions.holds import active_holds, require_reason, require_two
from sessions.reader import Entry
from sessions.record import Operator, Second
from sessions.roster.document import RosterDocument
from sessions.selection import RULES, Piece, Selection, concerned, erased_pieces, targets_of
from sessions.session import newest_roster
from sessions.store import Receipt, Store

__all__ = ["MAX_TARGETS", "finish", "replay", "shred", "shred_selection", "slots_to_destroy"]

MAX_TARGETS: Final = 3_000
"""Entries that one shred entry names: its body stays far below the longest."""


def shred(
    store: Store,
    targets: Iterable[Piece],
    *,
    scope: str,
    reason: str,
    operator: Operator,
    second: Second,
    session: str | None = None,
    sbd: str | None = None,
    roster: RosterDocument | None = None,
    rules: bytes | None = None,
    kept: Sequence[str] = (),
) -> Receipt:
    """Enter an erasure by two persons and carry it out; when this returns, the pieces are gone.

    `scope` is "session", "candidate" or "retention". `roster` and `rules` are stated again by the entry; `kept` are
    candidate numbers whose rows stay in a roster erased as a whole. Before anything is written: SecondPersonError,
    HoldError (reason), KeyFileError, ErasureNothingError, ErasureTargetError, ErasureHeldError. Afterwards
    ErasureUnfinishedError, where another program reads the file: the entry is durable, the keys are destroyed, the
    next opening finishes.
    """
    pieces = sorted(set(targets))
    require_two(operator, second)
    require_reason(reason)
    store.evidence_keys.remaining(())  # without the key file nothing could be destroyed
    _require_targets(store, pieces, session)
    _require_not_held(store, pieces, session, roster)
    _require_stated(store, pieces, session, roster, rules)
    body: dict[str, Any] = {"scope": scope, "reason": reason, "targets": _as_body(pieces)}
    body |= {name: value for name, value in (("session", session), ("sbd", sbd)) if value is not None}
    if kept:
        body["kept"] = sorted(kept)
    stated = {"roster": None if roster is None else roster.data, RULES: rules}
    receipt = store.append(
        "shred",
        body,
        {name: data for name, data in stated.items() if data is not None},
        operator=operator,
        second=second,
        also=lambda conn, seq: _name(conn, seq, pieces),
    )
    if not destroy_named(store).merged:
        raise ErasureUnfinishedError(entry=receipt.seq)
    return receipt


def shred_selection(
    store: Store, selection: Selection, *, scope: str, reason: str, operator: Operator, second: Second
) -> tuple[Receipt, ...]:
    """Erase what was selected: one entry, or several where one would be too long. Raises as `shred`."""
    if not selection.pieces:
        raise (
            ErasureHeldError(session=selection.session, why="session")
            if selection.held
            else ErasureNothingError()
        )
    receipts = []
    for part in _parts(selection.pieces):
        stated = any(piece.name in {"roster", RULES} for piece in part)
        receipts.append(
            shred(
                store,
                part,
                scope=scope,
                reason=reason,
                operator=operator,
                second=second,
                session=selection.session,
                sbd=selection.sbd,
                roster=selection.roster if stated else None,
                rules=selection.rules if stated else None,
                kept=selection.kept if stated else (),
            )
        )
    return tuple(receipts)


def slots_to_destroy(
    entries: Iterable[Mapping[str, Any]], bodies: Mapping[int, Mapping[str, Any]]
) -> set[int]:
    """Return the key slots that shred entries destroyed, for a restore that must not put these keys back.

    `entries`: bodies of shred entries, from wherever they are known; `bodies`: those of the restored log, by number.
    The roster that a shred entry stated again is left for `replay`, which needs the old one to erase rows of it.
    """
    slots = set()
    for entry in entries:
        again = "roster" in entry.get("evidence", {})
        for target in entry["targets"]:
            body = bodies.get(target["seq"])
            if body is None or "evidence_slot" not in body:
                continue
            names = [name for name in target["names"] if not (again and name == "roster")]
            slots |= {slot_of(body, name) for name in names if name in body["evidence"]}
    return slots


def replay(store: Store, entries: Iterable[Mapping[str, Any]], *, operator: Operator, second: Second) -> int:
    """Do again, in a restored log, the erasures that it does not know; return how many entries that took.

    `entries`: bodies of shred entries of the lost part, verified by the caller, in order. What they name and this log
    has not is passed over, and so is what was written since the last epoch began: those numbers meant other entries in
    the lost part. A hold does not stop an erasure that was done before. Raises as `shred`.
    """
    epochs = store.entries("epoch")
    limit = epochs[-1].seq if epochs else store.head().size
    count = 0
    for entry in entries:
        pieces, again = _to_redo(store, entry, limit)
        if pieces:
            _redo(store, entry, pieces, again, operator=operator, second=second)
            count += 1
    return count


def _redo(
    store: Store,
    entry: Mapping[str, Any],
    pieces: Sequence[Piece],
    again: RosterDocument | None,
    *,
    operator: Operator,
    second: Second,
) -> None:
    stated: dict[str, bytes] = {} if again is None else {"roster": again.data}
    old = [piece.seq for piece in pieces if piece.name == RULES]
    if old:
        stated[RULES] = store.evidence(old[0], RULES)
    body = {name: entry[name] for name in ("session", "sbd", "kept") if name in entry}
    body |= {"scope": "restore", "reason": entry["reason"], "targets": _as_body(pieces)}
    store.append(
        "shred",
        body,
        stated,
        operator=operator,
        second=require_two(operator, second),
        also=lambda conn, seq: _name(conn, seq, pieces),
    )
    finish(store)


def _to_redo(store: Store, entry: Mapping[str, Any], limit: int) -> tuple[list[Piece], RosterDocument | None]:
    """Return the pieces below `limit` that an erasure took and this log still has, and the roster as it left it.

    The roster that the erasure replaced may be one that only the lost part had: then it is the one in its place here.
    """
    gone = erased_pieces(store)
    left = [piece for piece in targets_of(entry) if piece.seq < limit and piece not in gone]
    pieces = [piece for piece in left if piece.name in _evidence_of(store, piece.seq)]
    again = _roster_again(store, entry)
    if again is None:
        return sorted(pieces), None
    return sorted({*pieces, *_rosters(store, entry["session"])}), again


def _evidence_of(store: Store, seq: int) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = store.entry(seq).body.get("evidence", {})
    except EvidenceMissingError:
        return {}
    return found


def _roster_again(store: Store, entry: Mapping[str, Any]) -> RosterDocument | None:
    """Return the session's roster without whom the erasure took out of it; None where it changes nothing."""
    if "roster" not in entry.get("evidence", {}) or not store.entries("open", entry["session"]):
        return None
    found = newest_roster(store, entry["session"])
    if found is None or not found[1].redactable:
        return None
    document = found[1]
    listed = {seat.sbd for seat in document.seats if not seat.erased}
    gone = {entry["sbd"]} if "sbd" in entry else listed - set(entry.get("kept", ()))
    return document.without(gone) if gone & listed else None


# -- before anything is written ------------------------------------------------------------------------


def _require_targets(store: Store, pieces: Sequence[Piece], session: str | None) -> None:
    """Raise unless every piece is there, not erased before, of this session, and may be erased by itself."""
    if not pieces:
        raise ErasureNothingError
    gone = erased_pieces(store)
    by_entry = _by_entry(pieces)
    if len(by_entry) > MAX_TARGETS:
        raise ErasureTargetError(why="too-many", count=len(by_entry))
    for seq, names in by_entry.items():
        body = _entry_of(store, seq, names).body
        if body.get("session") != session:
            raise ErasureTargetError(why="other-session", seq=seq)
        _require_pieces(body, seq, names, gone)


def _entry_of(store: Store, seq: int, names: Sequence[str]) -> Entry:
    try:
        return store.entry(seq)
    except (EvidenceMissingError, OverflowError):
        raise ErasureTargetError(why="no-entry", seq=seq, name=names[0]) from None


def _require_pieces(body: Mapping[str, Any], seq: int, names: Sequence[str], gone: frozenset[Piece]) -> None:
    there = body.get("evidence", {})
    for name in names:
        if name not in there:
            raise ErasureTargetError(why="no-piece", seq=seq, name=name[:40])
        if Piece(seq=seq, name=name) in gone:
            raise ErasureTargetError(why="erased", seq=seq, name=name)
    if body["schema"] == 1 and set(names) != set(there):
        raise ErasureTargetError(why="whole", seq=seq, name=names[0])
    if body["schema"] > 1 and RULES in names:
        raise ErasureTargetError(why="rules", seq=seq, name=RULES)


def _require_not_held(
    store: Store, pieces: Sequence[Piece], session: str | None, roster: RosterDocument | None
) -> None:
    """Raise when a hold protects a piece, or the row of a roster that would not be stated again."""
    holds = () if session is None else active_holds(store, session)
    if session is None or not holds:
        return
    about = concerned(store, session, store.entries(session=session))
    listed = {seat.sbd for seat in _listed(store, session)}
    stated = set() if roster is None else {seat.sbd for seat in roster.seats}
    lost = listed - stated if any(piece.name == "roster" for piece in pieces) else set()
    for hold in holds:
        if hold.sbd is None or hold.sbd in lost or any(hold.sbd in about[piece.seq] for piece in pieces):
            whom = {"sbd": hold.sbd} if hold.sbd else {"why": "session"}
            raise ErasureHeldError(session=session, **whom, entry=hold.seq, reason=hold.reason)


def _require_stated(
    store: Store,
    pieces: Sequence[Piece],
    session: str | None,
    roster: RosterDocument | None,
    rules: bytes | None,
) -> None:
    """Raise unless what is stated again is this session's, and every older roster of it goes."""
    if roster is None and rules is None:
        return
    opened = store.entries("open", session) if session is not None else ()
    if not opened:
        raise ErasureTargetError(why="no-session")
    if rules is not None and hashlib.sha256(rules).hexdigest() != opened[0].body["rules_sha256"]:
        raise ErasureTargetError(why="rules", seq=opened[0].seq, name=RULES)
    if roster is not None:
        found = newest_roster(store, opened[0].body["session"])
        if found is None or found[1].roster_hash != roster.roster_hash:
            raise ErasureTargetError(why="roster", seq=opened[0].seq, name="roster")
        if not set(_rosters(store, opened[0].body["session"])) <= set(pieces):
            raise ErasureTargetError(why="roster-left", seq=opened[0].seq, name="roster")


def _rosters(store: Store, session: str) -> list[Piece]:
    """Return every roster of a session that was not erased."""
    gone = erased_pieces(store)
    carriers = (each for each in store.entries(session=session) if "roster" in each.body.get("evidence", {}))
    return [piece for piece in (Piece(seq=each.seq, name="roster") for each in carriers) if piece not in gone]


def _listed(store: Store, session: str) -> tuple[Any, ...]:
    found = newest_roster(store, session)
    return () if found is None else tuple(seat for seat in found[1].seats if not seat.erased)


# -- the entry -----------------------------------------------------------------------------------------


def _as_body(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    return [{"seq": seq, "names": names} for seq, names in sorted(_by_entry(pieces).items())]


def _by_entry(pieces: Iterable[Piece]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for piece in sorted(pieces):
        found[piece.seq].append(piece.name)
    return found


def _parts(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces in parts of at most MAX_TARGETS entries; rosters and rules go together, in the last one."""
    last = {piece.seq for piece in pieces if piece.name in {"roster", RULES}}
    seqs = sorted({piece.seq for piece in pieces} - last)
    size = MAX_TARGETS - len(last)
    groups = [set(seqs[start : start + size]) for start in range(0, len(seqs), size)] or [set()]
    groups[-1] |= last
    return [[piece for piece in pieces if piece.seq in group] for group in groups]


def _name(conn: Any, by: int, pieces: Sequence[Piece]) -> None:
    rows = [(piece.seq, piece.name, by) for piece in pieces]
    conn.executemany("INSERT INTO shredded (seq, name, by) VALUES (?, ?, ?)", rows)
