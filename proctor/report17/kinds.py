"""What kind of sitting a session is, in the report's words: from its rules and the classes on its list."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sessions.rules import Rules
from sessions.rules.families import family_of

DRIVING = ("graduation", "driving")
VEHICLES = ("car", "motorcycle", "mixed", "")
OTHER = "other"
ORDER = (
    *(f"{what}-{vehicle}" if vehicle else what for what in DRIVING for vehicle in VEHICLES),
    "exam",
    OTHER,
)
"""Every kind, in the report's order; "graduation" and "driving" alone: nobody's class is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    vehicles: dict[str, tuple[str, ...]]
    families: dict[str, str]
    kinds: dict[str, str]


@cache
def _table() -> _Table:
    data = tomllib.loads((resources.files("proctor.report17") / "kinds.toml").read_text(encoding="utf-8"))
    return _Table(
        vehicles={name: tuple(classes) for name, classes in data["vehicles"].items()},
        families={family: kind for kind, families in data["families"].items() for family in families},
        kinds=data["kinds"],
    )


def kind_of(rules: Rules | None, classes: Iterable[str]) -> str:
    """Return one of `ORDER`. `rules` None: nobody here knows them; `classes`: those that somebody is listed for."""
    if rules is None:
        return OTHER
    table = _table()
    kind = table.families.get(family_of(rules), table.kinds.get(rules.kind, OTHER))
    if kind not in DRIVING:
        return kind
    named = set(classes)
    found = [name for name, known in sorted(table.vehicles.items()) if named.intersection(known)]
    vehicle = found[0] if len(found) == 1 else "mixed" if found else ""
    return f"{kind}-{vehicle}" if vehicle else kind


def class_order(name: str) -> tuple[int, str]:
    """Return what classes are sorted by: motorcycles, then cars, as the table lists them; unknown ones last."""
    known = [each for group in _table().vehicles.values() for each in group]
    return (known.index(name) if name in known else len(known), name)
