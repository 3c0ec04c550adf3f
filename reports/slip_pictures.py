"""The pictures of a slip: of the chip and at the desk side by side, and of later checks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from reports.attendance import PortraitOf, no_pictures
from reports.errors import PortraitError
from reports.portrait import thumbnail
from reports.session_sheet import Frame, moment
from reports.sheet import Figure, Figures, Thumbnail
from sessions.checkpoint import station_of
from sessions.course.entries import SessionEntry
from sessions.course.states import RECHECKS
from sessions.record import parse_utc

LARGE_MM: Final = 33.0
SMALL_MM: Final = 19.0
_LARGE_PX: Final = (354, 472)
_SMALL_PX: Final = (228, 304)
_LATER: Final = 3
"""How many pictures of later checks there are at most."""
_AS_EXPECTED: Final = frozenset({"ADMIT", "same-person"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shots:
    """Where a slip's pictures come from, by entry number; `erased`: whether an entry's picture was erased."""

    chip: PortraitOf = no_pictures
    live: PortraitOf = no_pictures
    erased: Callable[[int], bool] = lambda seq: False


def pictures_of(
    frame: Frame, shown: SessionEntry | None, entries: Sequence[SessionEntry], shots: Shots
) -> tuple[tuple[Figures, ...], str]:
    """Return the pictures of the check that is shown and of up to three later ones, and the words for what is missing.

    `entries`: what is told of the candidate, in order. Pictures of another station's part stayed with that station.
    """
    if shown is None:
        return (), frame.say("slip.pictures-none")
    found, instead = [], ""
    if shown.part is not None:
        instead = frame.say("slip.pictures-elsewhere", station=station_of(shown.origin))
    else:
        pair = tuple(_figure(frame, shown, what, shots) for what in ("chip", "live"))
        if any(figure.picture for figure in pair):
            found.append(Figures(figures=pair, width_mm=LARGE_MM))
        else:
            instead = frame.say(f"slip.pictures-{'erased' if shots.erased(shown.seq) else 'none'}")
    later = tuple(_figure(frame, entry, "later", shots) for entry in _later(entries, shown))
    if later:
        found.append(Figures(figures=later, width_mm=SMALL_MM))
    return tuple(found), instead


def _later(entries: Sequence[SessionEntry], shown: SessionEntry) -> list[SessionEntry]:
    """Return the later checks whose pictures are shown, in order: what was not the same person before the rest."""
    found = [
        entry
        for entry in entries
        if entry.part is None
        and entry is not shown
        and "live-portrait" in entry.body.get("evidence", {})
        and (entry.kind == "spot-check" or entry.body.get("purpose", "") in RECHECKS)
    ]
    found.sort(key=lambda entry: (_as_expected(entry), not _drawn(entry), -entry.seq))
    return sorted(found[:_LATER], key=lambda entry: entry.seq)


def _as_expected(entry: SessionEntry) -> bool:
    return entry.body.get("verdict", entry.body.get("outcome")) in _AS_EXPECTED


def _drawn(entry: SessionEntry) -> bool:
    return entry.kind == "spot-check" or entry.body.get("purpose") == "spot-check"


def _figure(frame: Frame, entry: SessionEntry, what: str, shots: Shots) -> Figure:
    source = shots.chip if what == "chip" else shots.live
    picture, note = _scaled(source(entry.seq), _SMALL_PX if what == "later" else _LARGE_PX)
    if picture is None and shots.erased(entry.seq):
        note = "erased"
    said = frame.say(
        f"slip.caption.{what}",
        component=frame.component_of(entry.body),
        at=moment(parse_utc(entry.at)),
        entry=entry.seq,
        purpose=frame.coded("slip.purpose", str(entry.body.get("purpose", entry.kind))),
    )
    return Figure(picture=picture, caption=f"{said} {frame.say(f'slip.caption.{note}')}" if note else said)


def _scaled(jpeg: bytes | None, box: tuple[int, int]) -> tuple[Thumbnail | None, str]:
    """Return a picture ready to print and no note, or None and why."""
    if jpeg is None:
        return None, "none"
    try:
        return thumbnail(jpeg, box), ""
    except PortraitError:
        return None, "damaged"
