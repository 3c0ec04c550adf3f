"""Which key signs the checkpoint of which size: first key, rotations, epochs. Pure.

Entry 0 names the first key. A `station-key-rotated` entry names the next: the checkpoint that covers that entry is
still the old key's, every later one the new key's. An `epoch` entry names origin and key of its epoch; the checkpoint
that covers it is the new key's already. Form: docs/log-format.md, "Whose key, when".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sessions.anchor import parse_note_anchor
from sessions.checkpoint import VerifierKey, epoch_of, station_of
from sessions.errors import NoteFormatError
from sessions.pins import StationPins

FIRST: Final = "station-key"
ROTATED: Final = "station-key-rotated"
_WITHOUT: Final = 1
"""The schema that knew neither rotations nor epochs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The checkpoints of sizes from `first_size` until the next period: signed by `key`, under its name.

    `seq` is the entry that names the key. `vouched`: whoever believes the key before it believes this one too (a
    rotation, or an epoch with the same public key); False for the first key and for an epoch with another one.
    `instead` is the key of a rotation that an epoch with the same public key followed at once: under that name it
    signed nothing, but whoever pinned it knows who signs here.
    """

    first_size: int
    key: VerifierKey
    seq: int
    vouched: bool
    instead: VerifierKey | None = None

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The key that signs, under each name that the log gives it."""
        return (self.key,) if self.instead is None else (self.key, self.instead)


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """An epoch entry: its number `seq`, the origin it begins, and the last checkpoint it knows of the one before."""

    seq: int
    origin: str
    previous_origin: str
    previous_size: int
    previous_root: bytes
    previous_note: str


class KeySchedule:
    """Built by handing it every `key` and `epoch` entry in order; entries of other kinds change nothing."""

    def __init__(self) -> None:
        self._periods: list[Period] = []
        self._starts: list[int] = []
        self.epochs: list[Epoch] = []

    def stand_in(self, key: VerifierKey | None) -> None:
        """Let a pinned key be the first one, where entry 0 names none."""
        if key is not None and not self._periods:
            self._begin(Period(first_size=1, key=key, seq=0, vouched=False))

    @property
    def periods(self) -> tuple[Period, ...]:
        """Every period, the first first."""
        return tuple(self._periods)

    @property
    def last(self) -> VerifierKey | None:
        """The key of the newest checkpoints; None before entry 0."""
        return self._periods[-1].key if self._periods else None

    @property
    def origin(self) -> str:
        """The name under which the next entry is written; "" before entry 0."""
        return self._periods[-1].key.name if self._periods else ""

    def period_of(self, size: int) -> Period | None:
        """Return the period that a checkpoint's size falls into."""
        place = bisect_right(self._starts, size)
        return self._periods[place - 1] if place else None

    def key_of(self, size: int) -> VerifierKey | None:
        """Return the key that signs the checkpoint of a size, as far as the entries handed over say."""
        period = self.period_of(size)
        return None if period is None else period.key

    def last_sizes(self, size: int) -> tuple[int, ...]:
        """Return the last size of every period of a log of `size` entries: one signature each proves the rest."""
        ends = [start - 1 for start in self._starts[1:]] + [size]
        return tuple(sorted({end for end in ends if 0 < end <= size}))

    def add(self, seq: int, body: Mapping[str, Any]) -> str | None:
        """Take in an entry; return the name of the field that names no key this log could go on with, or None."""
        kind, event = body.get("kind"), body.get("event")
        if kind == "epoch":
            return self._add_epoch(seq, body)
        if kind != "key" or event not in {FIRST, ROTATED}:
            return None
        if event == FIRST:
            return self._add_first(seq, body)
        if body.get("schema") == _WITHOUT:
            return "schema"
        key = _vkey(body)
        if key is None or not self._periods or key.name != self.origin:
            return "vkey"
        self._begin(Period(first_size=seq + 2, key=key, seq=seq, vouched=True))
        return None

    def signing(self, size: int) -> tuple[Period, ...]:
        """Return the periods whose key signs something of a log of `size` entries: what an entry only names, the last
        one for instance, has proven nothing.
        """
        return tuple(period for period in self._periods if period.first_size <= size)

    def _add_first(self, seq: int, body: Mapping[str, Any]) -> str | None:
        key = _vkey(body)
        if seq != 0:
            return "event"
        if key is None:
            return "vkey"
        self._periods, self._starts = [], []
        self._begin(Period(first_size=1, key=key, seq=0, vouched=False))
        return None

    def _add_epoch(self, seq: int, body: Mapping[str, Any]) -> str | None:
        key, number = _vkey(body), body.get("epoch")
        if body.get("schema") == _WITHOUT:
            return "schema"
        if key is None or not self._periods:
            return "vkey"
        if type(number) is not int or number != epoch_of(self.origin) + 1:
            return "epoch"
        if key.name != f"{station_of(self.origin)}/{number}":
            return "vkey"
        epoch = _previous(seq, key.name, body.get("previous"))
        if epoch is None or station_of(epoch.previous_origin) != station_of(self.origin):
            return "previous"
        before = self._periods[-1].key
        self._begin(Period(first_size=seq + 1, key=key, seq=seq, vouched=key.public == before.public))
        self.epochs.append(epoch)
        return None

    def _begin(self, period: Period) -> None:
        if self._starts and self._starts[-1] >= period.first_size:  # its key signed nothing in the end
            replaced = self._periods.pop()
            self._starts.pop()
            if period.vouched:
                period = replace(period, instead=replaced.key)
        self._periods.append(period)
        self._starts.append(period.first_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What pins say of a schedule: `unknown` is the first period nobody vouches for, `mismatch` the key that an
    origin is pinned with instead of `found`.
    """

    unknown: Period | None = None
    mismatch: VerifierKey | None = None
    found: VerifierKey | None = None
    refused: bool = False

    @property
    def ok(self) -> bool:
        """Whether a pinned key vouches for the last checkpoint, and none contradicts."""
        return self.unknown is None and not self.refused


def judge(schedule: KeySchedule, pins: StationPins, size: int) -> Trust:
    """Return whether the keys of a log of `size` entries are believed; of a pack, whose manifest the key of the next
    checkpoint signs, `size` is one more.

    Only a key that signs counts, not one that is named. Its signature covers every entry before it, so what came
    before need not be believed; what comes after it must be vouched for, from one key to the next.
    """
    signing = schedule.signing(size)
    if not signing:
        return Trust()
    for period in signing:
        pinned = None if pins.fingerprints else pins.key_of(period.key.name)
        if pinned is not None and pinned not in _keys(signing, period.key.name):
            return Trust(mismatch=pinned, found=period.key, refused=True)
    known = [any(_believed(key, pins) for key in period.keys) for period in signing]
    if pins.fingerprints and not any(known):
        return Trust(found=signing[-1].key, refused=True)
    last_known = max((place for place, each in enumerate(known) if each), default=-1)
    after = signing[last_known + 1 :]
    if last_known < 0:
        return Trust(unknown=after[0])
    return Trust(unknown=next((period for period in after if not period.vouched), None))


def _keys(periods: Iterable[Period], name: str) -> set[VerifierKey]:
    return {key for period in periods for key in period.keys if key.name == name}


def _believed(key: VerifierKey, pins: StationPins) -> bool:
    if pins.fingerprints:
        return key.fingerprint in pins.fingerprints
    return pins.key_of(key.name) == key


def _vkey(body: Mapping[str, Any]) -> VerifierKey | None:
    """Return the key in a body's field `vkey`, or None."""
    text = body.get("vkey")
    try:
        return VerifierKey.parse(text) if type(text) is str else None
    except NoteFormatError:
        return None


def _previous(seq: int, origin: str, previous: Any) -> Epoch | None:
    """Return an epoch entry with the checkpoint it names, or None where the field is none."""
    fields = previous if isinstance(previous, dict) else {}
    note = fields.get("note")
    try:
        said = parse_note_anchor(note) if type(note) is str else None
    except NoteFormatError:
        said = None
    if said is None or said.size < 1:
        return None
    if tuple(fields.get(each) for each in ("origin", "size", "root")) != (
        said.origin,
        said.size,
        said.root.hex(),
    ):
        return None
    return Epoch(
        seq=seq,
        origin=origin,
        previous_origin=said.origin,
        previous_size=said.size,
        previous_root=said.root,
        previous_note=said.note,
    )
