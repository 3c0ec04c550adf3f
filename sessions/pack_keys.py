"""Whose key signed what in a pack: the log's own schedule of keys, read from the entries that the pack brings along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Self

from sessions.checkpoint import VerifierKey, station_of
from sessions.errors import StationKeyMismatchError, UnknownStationError
from sessions.keyschedule import KeySchedule, judge
from sessions.pack_parts import Frame
from sessions.pack_walk import claims
from sessions.pins import StationPins

_MAX_NAMED: Final = 1_000
"""So many entries may name a key; a station that changed it more often is none."""
_NAMING: Final = frozenset({"station-key", "station-key-rotated"})


class KeyHistory:
    """The keys of a pack's station, in order, and whether pins vouch for the last.

    `faults`: entries that name no key this log could go on with, and the field that says so.
    """

    def __init__(
        self, schedule: KeySchedule, pins: StationPins, faults: Mapping[int, str], signed: int
    ) -> None:
        self._schedule, self._pins, self._signed = schedule, pins, signed
        self.faults = faults

    @classmethod
    def of(cls, frames: Sequence[Frame], pins: StationPins, own: VerifierKey, size: int) -> Self:
        """Return the keys that the entries of a pack of `size` name; nothing of them is proven yet.

        `own` is the key that the manifest names: it stands in, under the station's name, where entry 0 names none and
        none is pinned.
        """
        station = station_of(own.name)
        first = pins.key_of(station) or VerifierKey(name=station, public=own.public)
        schedule = KeySchedule()
        faults: dict[int, str] = {}
        named = 0
        for frame in frames:
            if frame.seq:
                schedule.stand_in(first)
            if b'"vkey":' not in frame.body:
                continue
            body = claims(frame.body)
            if body.get("kind") != "epoch" and body.get("event") not in _NAMING:
                continue
            named += 1
            fault = schedule.add(frame.seq, body) if named <= _MAX_NAMED else "event"
            if fault is not None:
                faults[frame.seq] = fault
        schedule.stand_in(first)
        return cls(schedule, pins, faults, size + 1)  # that one signs the manifest

    def key_at(self, size: int) -> VerifierKey | None:
        """Return the key that signs the checkpoint of a size."""
        return self._schedule.key_of(size)

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """Every key that the entries name, the first first."""
        return tuple(period.key for period in self._schedule.periods)

    @property
    def claimed(self) -> VerifierKey | None:
        """The key that vouches for the newest checkpoint, if anybody believes it."""
        signing = self._schedule.signing(self._signed)
        return next((each.key for each in reversed(signing) if not each.vouched), None)

    @property
    def first_foreign(self) -> int:
        """The entry that names the first key which the pins contradict."""
        found = judge(self._schedule, self._pins, self._signed).found
        return next((each.seq for each in self._schedule.periods if each.key == found), 0)

    def require(self) -> None:
        """Raise StationKeyMismatchError or UnknownStationError unless a pinned key vouches for the last one."""
        trust = judge(self._schedule, self._pins, self._signed)
        if trust.refused:
            found = trust.found.fingerprint if trust.found is not None else ""
            pinned = trust.mismatch.fingerprint if trust.mismatch is not None else ""
            origin = trust.found.name if trust.found is not None else ""
            raise StationKeyMismatchError(origin=origin, found=found, pinned=pinned)
        if trust.unknown is not None:
            key = trust.unknown.key
            raise UnknownStationError(origin=key.name, found=key.fingerprint)
