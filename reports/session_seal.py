"""The seal of a session: what was counted, what it went through, where the log stands, what was printed. Pure.

Everything is a row, so that page digest and page seals bear all of it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from reports.attendance import Excused, attendance_counts, group_of
from reports.exceptions_sheet import exception_counts
from reports.session_sheet import DOTS, Frame, cell, moment
from reports.sheet import Align, Row, Sheet
from reports.words import number_words
from sessions.course.entries import SessionEntry
from sessions.course.incidents import incidents_of
from sessions.course.progress import Status
from sessions.course.states import Standing
from sessions.record import parse_utc

KIND: Final = "seal"
ROW_MM: Final = 7.0
FIGURES: Final = ("listed", "present", "waiting", "refused", "excused", "missing", "exceptions", "incidents")
"""What is counted of each component."""
WHOLE: Final = ("unassigned", "correction", "roster", "weak")
"""What is counted of the session as a whole."""
_COLUMNS: Final = (("item", 48.0, Align.LEFT), ("text", 117.0, Align.LEFT))
_NOT_OWED: Final = frozenset({Status.NOT_LISTED.value, Status.KEPT.value})
_COURSE: Final = frozenset({"open", "start", "pause", "resume", "close", "roster", "split", "merge"})
_SHORT: Final = 16
"""Leading hexadecimal digits by which a sheet's hash is named."""
_EACH: Final = 12
"""Up to so many slips are named one by one; so many sheets stand in one row."""
_SLIP: Final = "slip"
_ROLES: Final = ("sealed-by", "handed-by", "received-by", "seal-witness")

Line = tuple[str, str]
"""A row: what it is about, and what is to be said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBy:
    """With what the station seals: the log key's fingerprint, and that of the paper seal's certificate (SHA-256)."""

    key: str
    certificate: str


def build_seal(
    frame: Frame,
    standings: Mapping[str, Sequence[Standing]],
    entries: Sequence[SessionEntry],
    *,
    excused: Mapping[str, Excused],
    closed: bool,
    by: SealedBy,
) -> Sheet:
    """Return the page model of a session's seal.

    `standings`, `excused`: by component; `entries`: the session's, in order, from its open entry on, up to the frame's
    tree head; `closed`: whoever did not come is absent. Raises TextMissingError.
    """
    counts = seal_counts(standings, entries, excused)
    lines = (
        _state(frame, entries, closed=closed),
        *_counted(frame, tuple(standings), counts),
        *_course(frame, entries),
        *_log(frame, entries, by),
        *_cosigned(frame),
        *_printed(frame, entries),
        *_handed_over(frame, entries),
    )
    named = getattr(frame.session.rules, "signatories", {})
    roles = () if KIND in named else [frame.say(f"sign.{role}") for role in _ROLES]
    notes = [] if closed else [frame.say("seal.not-closed")]
    sheet = frame.sheet(
        KIND,
        header=frame.header(KIND, (*notes, frame.say("seal.not-council"), frame.day_line)),
        columns=frame.columns(_COLUMNS),
        rows=[
            Row(cells=(cell(item, strong=True), cell(*text.split("\n"))), mark=("", "-"))
            for item, text in lines
        ],
        closing=frame.closing(KIND, notes, (frame.say("seal.remark"),), roles),
        counts=counts,
        row_mm=ROW_MM,
    )
    return replace(sheet, portrait=True)


def seal_counts(
    standings: Mapping[str, Sequence[Standing]],
    entries: Sequence[SessionEntry],
    excused: Mapping[str, Excused],
) -> Mapping[str, int]:
    """Return the figures: of components as "component:name", and those of the whole session.

    Listed for a component is who owes it, as the results count: nobody of a class without it.
    """
    counts: dict[str, int] = {}
    incidents = Counter(incident.component for incident in incidents_of(entries))
    for component, rows in standings.items():
        away = excused.get(component, {})
        owing = [row for row in rows if not _exempt(row, away)]
        seen = attendance_counts(component, owing, entries, away)
        found = {**seen, "incidents": incidents[component]}
        counts |= {f"{component}:{name}": found[name] for name in FIGURES}
    whole = exception_counts(entries)
    counts |= {name: whole[name] for name in WHOLE[1:]}
    counts["unassigned"] = sum(count for name, count in incidents.items() if name not in standings)
    counts["entries"] = len(entries)
    counts["prints"] = sum(entry.kind == "print" for entry in entries)
    return counts


def _exempt(row: Standing, away: Excused) -> bool:
    """Whether a component is none of somebody's: not of the class, not named for them, passed before; nor did they
    come.
    """
    return away.get(row.sbd) in _NOT_OWED and group_of(row, away) in {"excused", "barred"}


def _state(frame: Frame, entries: Sequence[SessionEntry], *, closed: bool) -> Line:
    """Return whether the session is closed."""
    item = frame.say("seal.item.state")
    if not closed:
        return item, frame.say("seal.not-closed")
    last = [entry for entry in entries if entry.kind == "close" and entry.part is None][-1]
    return item, frame.say("seal.closed", **_values(frame, last))


def _counted(frame: Frame, components: Sequence[str], counts: Mapping[str, int]) -> Iterator[Line]:
    """Yield the figures of each component, then those of the whole, in figures and words."""
    known = frame.session.rules.components
    for component in components:
        words = (
            f"{frame.say(f'seal.figure.{name}')}: {_figure(frame, counts[f'{component}:{name}'])}"
            for name in FIGURES
        )
        yield known[component].label, "; ".join(words) + "."
    words = (f"{frame.say(f'seal.figure.{name}')}: {_figure(frame, counts[name])}" for name in WHOLE)
    yield frame.say("seal.item.whole"), "; ".join(words) + "."


def _figure(frame: Frame, count: int) -> str:
    return f"{count} ({number_words(count)})" if frame.language == "vi" else str(count)


def _course(frame: Frame, entries: Sequence[SessionEntry]) -> Iterator[Line]:
    """Yield what the session went through: opened, list changed, started, paused, divided, merged, closed."""
    for entry in entries:
        if entry.part is None and entry.kind in _COURSE:
            said = frame.say(f"seal.{entry.kind}", **_values(frame, entry))
            yield frame.say(f"seal.item.{entry.kind}"), said


def _values(frame: Frame, entry: SessionEntry) -> dict[str, str | int]:
    """Return what the line of an entry names."""
    body: Mapping[str, Any] = entry.body
    values: dict[str, str | int] = {"entry": entry.seq, "at": moment(parse_utc(entry.at))}
    values["who"] = str(body["operator"]["id"])
    if entry.kind in {"open", "roster"}:
        values |= {"hash": body["roster_hash"]}
        values |= {name: body[name] for name in ("candidates", "added") if name in body}
    elif entry.kind in {"pause", "resume"}:
        values["reason"] = frame.coded("why", str(body["reason"]))
    elif entry.kind == "split":
        values["parts"] = len(body["parts"])
    elif entry.kind == "merge":
        values |= {name: body[name] for name in ("part", "entries", "size", "root")}
        values["station"] = body["part_origin"]
        values |= {name: len(body[name]) for name in ("double", "conflicts")}
    return values


def _log(frame: Frame, entries: Sequence[SessionEntry], by: SealedBy) -> Iterator[Line]:
    """Yield where the log stands: first and last entry of the session, tree head, key, certificate."""
    own = [entry.seq for entry in entries if entry.part is None]
    taken = len(entries) - len(own)
    said = frame.say("seal.span", first=own[0], last=own[-1], count=len(own), words=number_words(len(own)))
    more = frame.say("seal.taken", count=taken, words=number_words(taken)) if taken else ""
    yield frame.say("seal.item.span"), f"{said}\n{more}".strip()
    head = frame.head
    yield frame.say("seal.item.head"), frame.say("seal.head", size=head.size, root=head.root.hex())
    yield frame.say("seal.item.origin"), head.origin
    yield frame.say("seal.item.roster-hash"), frame.session.roster_hash
    yield frame.say("seal.item.key"), by.key
    yield frame.say("seal.item.certificate"), by.certificate


def _cosigned(frame: Frame) -> Iterator[Line]:
    """Yield who cosigned the tree head, who had to and did not; or that nobody did."""
    item, found = frame.say("seal.item.cosigned"), frame.cosigners
    if found is None or not found.configured:
        yield item, frame.say("seal.no-witness")
        return
    lines = [
        frame.say("seal.cosigned", name=each.name, key=each.key_id, at=moment(_unix(each.at)))
        for each in found.signed
    ]
    if not lines:
        lines = [frame.say("seal.not-cosigned")]
    lines += [frame.say("seal.missing", name=name) for name in found.missing]
    yield item, "\n".join(lines)


def _unix(seconds: int) -> datetime | None:
    """Return the moment a witness states, or None for one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _printed(frame: Frame, entries: Sequence[SessionEntry]) -> Iterator[Line]:
    """Yield every sheet that was printed of the session so far; many slips in one line."""
    prints = [entry for entry in entries if entry.kind == "print"]
    item = frame.say("seal.item.prints", count=len(prints), words=number_words(len(prints)))
    slips = [entry for entry in prints if entry.body["sheet"] == _SLIP]
    many = len(slips) > _EACH
    lines = [_print(frame, entry) for entry in prints if not (many and entry.body["sheet"] == _SLIP)]
    if many:
        lines.append(_slips(frame, slips))
    if not lines:
        yield item, frame.say("seal.no-prints")
    for start in range(0, len(lines), _EACH):
        yield (
            item if start == 0 else frame.say("seal.item.prints-on"),
            "\n".join(lines[start : start + _EACH]),
        )


def _print(frame: Frame, entry: SessionEntry) -> str:
    body = entry.body
    notes = [*_variant(frame, str(body.get("variant", ""))), *([str(body["sbd"])] if body.get("sbd") else [])]
    if body.get("posted"):
        notes.append(frame.say("seal.posted"))
    if body.get("copy"):
        notes.append(frame.say("seal.copy", number=body["copy"]))
    if entry.part is not None:
        notes.append(frame.say("part", part=entry.part).strip("()"))
    title = _title(frame, str(body["sheet"]))
    return frame.say(
        "seal.print",
        sheet=f"{title} ({'; '.join(notes)})" if notes else title,
        entry=entry.seq,
        size=body["sheet_size"],
        sha256=str(body["pdf_sha256"])[:_SHORT],
    )


def _variant(frame: Frame, variant: str) -> list[str]:
    """Return what tells sheets of one kind apart, components by their names."""
    known = frame.session.rules.components
    values = [part.partition("=")[2] or part for part in variant.split(";") if part]
    return [known[value].label if value in known else value for value in values]


def _slips(frame: Frame, slips: Sequence[SessionEntry]) -> str:
    """Return how many slips there are, and one hash over all of theirs, in the order of their entries."""
    whole = hashlib.sha256("".join(f"{entry.body['pdf_sha256']}\n" for entry in slips).encode()).hexdigest()
    return frame.say(
        "seal.slips",
        sheet=_title(frame, _SLIP),
        count=len(slips),
        words=number_words(len(slips)),
        first=slips[0].seq,
        last=slips[-1].seq,
        sha256=whole,
    )


def _title(frame: Frame, kind: str) -> str:
    return frame.coded("sheet", kind)


def _handed_over(frame: Frame, entries: Sequence[SessionEntry]) -> Iterator[Line]:
    """Yield what left the station so far, and room to write who hands over what to whom, when."""
    item = frame.say("seal.item.handed-over")
    for entry in entries:
        if entry.kind == "export" and entry.part is None:
            body = entry.body
            yield (
                item,
                frame.say(
                    "seal.export",
                    what=frame.coded("what", str(body["what"])),
                    entry=entry.seq,
                    at=moment(parse_utc(entry.at)),
                    sha256=str(body["sha256"]),
                ),
            )
    yield item, frame.say("seal.by-hand", dots=DOTS * 2)
