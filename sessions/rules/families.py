"""Rules files side by side: which is in force on a day, gaps and overlaps of one family, what a file changes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sessions.rules.errors import NoRulesInForceError, RulesFileError
from sessions.rules.loading import MAX_FILE, list_rules, load_rules, parse_rules, require_own_id
from sessions.rules.model import Rules

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """Where the files of a family do not meet: "gap" or "overlap" of `first` and `second`, from a day to a day.

    `until` None: without end.
    """

    kind: str
    first: str
    second: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key that two files do not have alike; None: the file does not have it."""

    key: str
    ours: str | None
    theirs: str | None


def family_of(rules: Rules) -> str:
    """Return the family of a file: files of one family follow one another by date; alone, it is its own."""
    return rules.family or rules.rules_id


def find_rules(text: str, *, day: date | None = None) -> Rules:
    """Return the rules of a shipped file's id, of a site's file by its path, or of a family on a day.

    What has a dot or a separator in it is a path. Raises UnknownRulesError, RulesFileError, RulesError,
    RulesIdTakenError, NoRulesInForceError.
    """
    if any(sign in text for sign in "./\\"):
        return require_own_id(parse_rules(read_rules_file(Path(text))))
    shipped = list_rules() if day is not None else ()
    ids, families = ({each.rules_id for each in shipped}, {family_of(each) for each in shipped})
    if day is not None and text in families - ids:
        return in_force(day, family=text)
    return load_rules(text)


def read_rules_file(path: Path) -> bytes:
    """Return the bytes of a rules file, at most one more than a rules file may have. Raises RulesFileError."""
    try:
        if not path.is_file():
            raise RulesFileError(file=path.name[:80])
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except (OSError, ValueError):
        raise RulesFileError(file=path.name[:80]) from None


def in_force(day: date, *, family: str) -> Rules:
    """Return the shipped rules of a family that hold on a day. Raises NoRulesInForceError."""
    for rules in list_rules():
        if family_of(rules) == family and rules.in_force(day):
            return rules
    raise NoRulesInForceError(kind=family, day=day.isoformat())


def seams(files: Iterable[Rules]) -> tuple[Seam, ...]:
    """Return the gaps and overlaps among the files of each family, in the order of their first days."""
    families: dict[str, list[Rules]] = {}
    for rules in files:
        families.setdefault(family_of(rules), []).append(rules)
    return tuple(seam for members in families.values() for seam in _seams(members))


def _seams(members: list[Rules]) -> Iterator[Seam]:
    """Yield what overlaps, each two files compared; a gap is where none of those before is in force any more."""
    ordered = sorted(members, key=lambda rules: (rules.valid_from, rules.rules_id))
    latest: Rules | None = None
    for at, second in enumerate(ordered):
        end = None if latest is None else latest.valid_until
        if latest is not None and end is not None and second.valid_from - end > _DAY:
            yield Seam(
                kind="gap",
                first=latest.rules_id,
                second=second.rules_id,
                since=end + _DAY,
                until=second.valid_from - _DAY,
            )
        yield from (seam for first in ordered[:at] if (seam := _overlap(first, second)) is not None)
        if latest is None or _last_day(second) > _last_day(latest):
            latest = second


def _overlap(first: Rules, second: Rules) -> Seam | None:
    """Return the days on which both are in force; `first` begins no later."""
    until = min(_last_day(first), _last_day(second))
    if second.valid_from > until:
        return None
    return Seam(
        kind="overlap",
        first=first.rules_id,
        second=second.rules_id,
        since=second.valid_from,
        until=None if until == date.max else until,
    )


def _last_day(rules: Rules) -> date:
    return rules.valid_until or date.max


def differences(ours: bytes, theirs: bytes) -> tuple[Difference, ...]:
    """Return every key in which two parsed files differ, sorted; sources of values count like values."""
    left, right = _flat(tomllib.loads(ours.decode())), _flat(tomllib.loads(theirs.decode()))
    return tuple(
        Difference(key=key, ours=left.get(key), theirs=right.get(key))
        for key in sorted(left.keys() | right.keys())
        if left.get(key) != right.get(key)
    )


def _flat(value: Any, path: str = "") -> dict[str, str]:
    if isinstance(value, Mapping):
        items = [(f"{path}.{name}" if path else name, inner) for name, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        items = [(f"{path}[{at}]", inner) for at, inner in enumerate(value, 1)]
    elif isinstance(value, list):
        return {path: ", ".join(str(each) for each in value)}
    else:
        return {path: str(value).lower() if isinstance(value, bool) else str(value)}
    return {key: text for name, inner in items for key, text in _flat(inner, name).items()}
