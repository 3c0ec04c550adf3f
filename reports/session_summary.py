"""The summary and seal of a session: counts by component, what it went through, where the log stands. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reports.attendance import Excused, attendance_counts, group_of
from reports.exceptions_sheet import exception_counts
from reports.session_sheet import Frame, Spec, cell, figure, moment
from reports.sheet import Align, Row, Sheet
from reports.words import number_words
from sessions.course.entries import SessionEntry
from sessions.course.incidents import incidents_of
from sessions.course.progress import Status
from sessions.course.states import Standing
from sessions.record import parse_utc

KIND: Final = "summary"
_FIGURES: Final = ("listed", "present", "waiting", "refused", "excused", "missing", "exceptions", "incidents")
_COLUMNS: Final[tuple[Spec, ...]] = (
    ("component", 52.0, Align.LEFT),
    *((name, 25.0, Align.CENTRE) for name in _FIGURES),
)
_PAUSES_SHOWN: Final = 8
_NOT_OWED: Final = frozenset({Status.NOT_LISTED.value, Status.KEPT.value})
_ADDED: Final = ("correction", "roster", "weak")


def build_summary(
    frame: Frame,
    standings: Mapping[str, Sequence[Standing]],
    entries: Sequence[SessionEntry],
    *,
    excused: Mapping[str, Excused],
    closed: bool,
    key: str,
) -> Sheet:
    """Return the page model of a session's summary.

    `standings`, `excused`: by component; `entries`: the session's, in order, from its open entry on; `closed`: whoever
    did not come is absent; `key`: the station key's fingerprint. Raises TextMissingError.
    """
    counts = summary_counts(standings, entries, excused)
    rules = frame.session.rules.components
    rows = [
        Row(
            cells=(
                cell(rules[component].label, strong=True),
                *(figure(counts[f"{component}:{name}"]) for name in _FIGURES),
            ),
            mark=(component, "-"),
        )
        for component in standings
    ]
    lines = [*_course(frame, entries), *_log(frame, entries, key)]
    if not closed:
        lines.insert(0, frame.say("summary.not-closed"))
    totals = [frame.count(name, counts[name]) for name in ("unassigned", *_ADDED)]
    return frame.sheet(
        KIND,
        header=frame.header(KIND, (frame.day_line,)),
        columns=frame.columns(_COLUMNS),
        rows=rows,
        closing=frame.closing(KIND, totals, (*lines, frame.say("summary.remark"))),
        counts=counts,
    )


def summary_counts(
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
        counts |= {f"{component}:{name}": found[name] for name in _FIGURES}
    whole = exception_counts(entries)
    counts |= {name: whole[name] for name in _ADDED}
    counts["unassigned"] = sum(count for name, count in incidents.items() if name not in standings)
    counts["entries"] = len(entries)
    return counts


def _exempt(row: Standing, away: Excused) -> bool:
    """Whether a component is none of somebody's: not of the class, not named for them, passed before; nor did they
    come.
    """
    return away.get(row.sbd) in _NOT_OWED and group_of(row, away) in {"excused", "barred"}


def _course(frame: Frame, entries: Sequence[SessionEntry]) -> Iterator[str]:
    """Yield what the session went through: opened, list changed, started, paused, merged, closed."""
    own = [entry for entry in entries if entry.part is None]
    stops = [entry for entry in own if entry.kind in {"pause", "resume"}]
    shown = {entry.seq for entry in stops[:_PAUSES_SHOWN]}
    for entry in own:
        if entry.kind in {"pause", "resume"} and entry.seq not in shown:
            continue
        if entry.kind in _COURSE:
            yield frame.say(f"summary.{entry.kind}", **_values(frame, entry))
    if len(stops) > len(shown):
        yield frame.say("summary.more", count=len(stops) - len(shown))


_COURSE: Final = frozenset({"open", "start", "pause", "resume", "close", "roster", "merge"})


def _values(frame: Frame, entry: SessionEntry) -> dict[str, str | int]:
    """Return what the line of an entry names."""
    body: Mapping[str, Any] = entry.body
    values: dict[str, str | int] = {"entry": entry.seq, "at": moment(parse_utc(entry.at))}
    if entry.kind in {"open", "roster"}:
        values |= {"hash": body["roster_hash"]}
        values |= {name: body[name] for name in ("candidates", "added") if name in body}
    elif entry.kind in {"pause", "resume"}:
        values["reason"] = frame.coded("why", str(body["reason"]))
    elif entry.kind == "merge":
        values |= {name: body[name] for name in ("part", "origin", "entries")}
        values |= {name: len(body[name]) for name in ("double", "conflicts")}
    return values


def _log(frame: Frame, entries: Sequence[SessionEntry], key: str) -> Iterator[str]:
    """Yield where the log stands: first and last entry of the session, tree head, key."""
    own = [entry.seq for entry in entries if entry.part is None]
    count = len(own)
    yield frame.say("summary.span", first=own[0], last=own[-1], count=count, words=number_words(count))
    yield frame.say("summary.head", size=frame.head.size, root=frame.head.root.hex())
    yield frame.say("summary.key", key=key)
