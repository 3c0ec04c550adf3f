"""What concerns whom: the pieces of evidence that an erasure takes, by session or by candidate.

Everything is read from bodies, which the signed tree head covers; what was erased before is known from the shred
entries. What a hold protects is left out and listed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sessions.erased import erased_by
from sessions.errors import EventFormError, EvidenceMissingError, StoreAlteredError
from sessions.holds import Hold, active_holds
from sessions.reader import Entry
from sessions.roster.document import RosterDocument
from sessions.session import newest_roster
from sessions.store import Store

GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "portrait": frozenset({"chip-portrait", "live-portrait", "photo", "frames"}),
    "chip-portrait": frozenset({"chip-portrait"}),
    "live-portrait": frozenset({"live-portrait", "photo", "frames"}),
    "identity": frozenset({"identity"}),
    "note": frozenset({"note", "minutes"}),
    "roster": frozenset({"roster"}),
    "template": frozenset({"template"}),
}
"""Words for kinds of data → names of pieces."""
ALL: Final = frozenset().union(*GROUPS.values())
RULES: Final = "rules"
"""The rules file tells nothing about anybody and stays."""
_TWELVE: Final = re.compile(rb"(?<![0-9])[0-9]{12}(?![0-9])")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Piece:
    """One piece of evidence: the entry's number and the piece's name."""

    seq: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What an erasure takes.

    `held` is what a hold keeps; `roster` and `rules` are stated again by the shred entry; `kept` are the candidates
    whose roster rows a hold keeps; `whole` the entries of schema 1, which can only go whole; `stays` says in codes
    what cannot be erased alone.
    """

    session: str
    sbd: str | None = None
    pieces: tuple[Piece, ...] = ()
    held: tuple[Piece, ...] = ()
    roster: RosterDocument | None = field(default=None, repr=False)
    rules: bytes | None = field(default=None, repr=False)
    kept: tuple[str, ...] = ()
    whole: tuple[int, ...] = ()
    stays: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many pieces of each name go."""
        return dict(sorted(Counter(piece.name for piece in self.pieces).items()))


def select(
    store: Store,
    session_id: str,
    *,
    sbd: str | None = None,
    names: Collection[str] | None = None,
    whole: Collection[str] | None = None,
) -> Selection:
    """Return what an erasure of a session, or of one candidate in it, takes now.

    `names`: only pieces of these names (None: all but the rules). An entry of schema 1 has one key for all its
    pieces: all of them go if their names are in `whole` (None: any), else none. Raises UnknownSessionError,
    StoreAlteredError.
    """
    return _Selecting(store, session_id, sbd, names, whole).run()


def erased_pieces(store: Store) -> frozenset[Piece]:
    """Return every piece that a shred entry names. Raises StoreAlteredError for one that two persons did not make."""
    pieces: set[Piece] = set()
    for entry in store.entries("shred"):
        try:
            pieces |= {Piece(seq=seq, name=name) for seq, name in erased_by(entry.seq, entry.body)}
        except EventFormError:
            raise StoreAlteredError(why="shred", entry=entry.seq) from None
    return frozenset(pieces)


def targets_of(body: Mapping[str, Any]) -> tuple[Piece, ...]:
    """Return the pieces that the body of a shred entry names."""
    return tuple(
        Piece(seq=target["seq"], name=name) for target in body["targets"] for name in target["names"]
    )


def concerned(store: Store, session_id: str, entries: Iterable[Entry]) -> dict[int, frozenset[str]]:
    """Return the candidate numbers that each of a session's entries concerns.

    By the entry's own number, by the attempt or entry that it is about, and, where an attempt found nobody's number,
    by the 12 digits in its identity evidence.
    """
    known = tuple(entries)
    found = newest_roster(store, session_id)
    numbers = {seat.id_number.encode(): seat.sbd for seat in found[1].seats} if found else {}
    attempts: dict[str, frozenset[str]] = {}
    about: dict[int, frozenset[str]] = {}
    for entry in known:
        body = entry.body
        sbds = {body["sbd"]} if "sbd" in body else set(body.get("sbds", ()))
        if entry.kind == "attempt" and not sbds:
            sbds |= _by_number(store, entry, numbers)
        for name in ("of", "attempt_of"):
            sbds |= attempts.get(body.get(name, ""), frozenset())
        sbds |= about.get(body.get("corrects", -1), frozenset())
        about[entry.seq] = frozenset(sbds)
        if entry.kind == "attempt":
            attempts[body["attempt"]] = about[entry.seq]
    return about


def _by_number(store: Store, entry: Entry, numbers: Mapping[bytes, str]) -> set[str]:
    if "identity" not in entry.body.get("evidence", {}):
        return set()
    try:
        data = store.evidence(entry.seq, "identity")
    except EvidenceMissingError:
        return set()
    return {numbers[number] for number in _TWELVE.findall(data) if number in numbers}


class _Selecting:
    """One selection while it is made."""

    def __init__(
        self,
        store: Store,
        session_id: str,
        sbd: str | None,
        names: Collection[str] | None,
        whole: Collection[str] | None,
    ) -> None:
        self._store, self._session_id, self._sbd = store, session_id, sbd
        self._names = ALL if names is None else frozenset(names)
        self._may_whole = ALL if whole is None else frozenset(whole)
        self._newest = newest_roster(store, session_id)
        self._entries = store.entries(session=session_id)
        self._about = concerned(store, session_id, self._entries)
        self._gone = erased_pieces(store)
        self._holds: tuple[Hold, ...] = active_holds(store, session_id)
        self._held_sbds = {hold.sbd for hold in self._holds if hold.sbd is not None}
        self._session_held = any(hold.sbd is None for hold in self._holds)
        self._pieces: list[Piece] = []
        self._held: list[Piece] = []
        self._whole: list[int] = []
        self._stays: list[str] = []

    def run(self) -> Selection:
        for entry in self._entries:
            if self._sbd is None or self._sbd in self._about[entry.seq]:
                self._take(entry)
        roster, rules, kept = self._take_roster() if "roster" in self._names else (None, None, ())
        return Selection(
            session=self._session_id,
            sbd=self._sbd,
            pieces=tuple(sorted(self._pieces)),
            held=tuple(sorted(self._held)),
            roster=roster,
            rules=rules,
            kept=kept,
            whole=tuple(self._whole),
            stays=tuple(self._stays),
        )

    def _live(self, entry: Entry) -> list[Piece]:
        pieces = (Piece(seq=entry.seq, name=name) for name in sorted(entry.body.get("evidence", {})))
        return [piece for piece in pieces if piece not in self._gone]

    def _take(self, entry: Entry) -> None:
        """Take the pieces of an entry that is about somebody; rosters and rules are no such pieces."""
        live = [piece for piece in self._live(entry) if piece.name not in {"roster", RULES}]
        wanted = [piece for piece in live if piece.name in self._names]
        if not wanted:
            return
        if self._session_held or self._about[entry.seq] & self._held_sbds:
            self._held += wanted
        elif entry.body["schema"] > 1 or len(wanted) == len(live):
            self._pieces += wanted
        elif {piece.name for piece in live} <= self._may_whole:
            self._pieces += live
            self._whole.append(entry.seq)
        else:
            self._stays.append("entry-schema-1")

    def _take_roster(self) -> tuple[RosterDocument | None, bytes | None, tuple[str, ...]]:
        """Take every roster of the session that is left; return what is stated again, and whose rows are kept."""
        live = [piece for entry in self._entries for piece in self._live(entry) if piece.name == "roster"]
        if self._newest is None or not live:
            return None, None, ()
        document = self._newest[1]
        listed = {seat.sbd for seat in document.seats if not seat.erased}
        wanted = listed if self._sbd is None else listed & {self._sbd}
        held = wanted if self._session_held else wanted & self._held_sbds
        if not document.redactable:
            return self._take_old_roster(live, bool(wanted), bool(held))
        if not wanted - held:
            self._held += live if held else []
            return None, None, ()
        self._pieces += live
        kept = tuple(sorted(listed - wanted | held)) if self._sbd is None else ()
        return document.without(wanted - held), None, kept

    def _take_old_roster(
        self, live: list[Piece], wanted: bool, held: bool
    ) -> tuple[RosterDocument | None, bytes | None, tuple[str, ...]]:
        """Take a roster of form 1, whole with its session or not at all; the rules share its key."""
        if not wanted:
            return None, None, ()
        if held:
            self._held += live
            return None, None, ()
        if self._sbd is not None:
            self._stays.append("roster-form-1")
            return None, None, ()
        self._pieces += live
        old = [piece.seq for piece in live if self._store.entry(piece.seq).body["schema"] == 1]
        if not old:
            return None, None, ()
        self._whole += old
        self._pieces += [Piece(seq=seq, name=RULES) for seq in old]
        return None, self._store.evidence(old[0], RULES), ()
