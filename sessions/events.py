"""The kinds of entries and the fields of their bodies, as data: `events.toml`.

The writer refuses what does not fit before it is committed; the verifier refuses what somebody committed all the
same. Entries of schema 1 are not held against it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sessions.errors import EventFormError
from sessions.record import parse_utc

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
USER_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
"""A person's id: one form only, so that two ids that look alike are the same."""
STATION_ID: Final = "station"
"""The operator of what nobody does; no person."""
_WORDS: Final = frozenset({"second", "evidence"})
PROOFS: Final = frozenset({"password", "token", "card-face", "training"})
"""How a second person proves presence; `password` is the weak one, `training` is good in a training log only."""
_TRAINING: Final = "proctor.training/"


def _is_time(value: str) -> bool:
    try:
        parse_utc(value)
    except ValueError:
        return False
    return True


_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "text": lambda value: type(value) is str,
    "id": lambda value: type(value) is str and _ID.fullmatch(value) is not None,
    "hash": lambda value: type(value) is str and _HASH.fullmatch(value) is not None,
    "integer": lambda value: type(value) is int,
    "time": lambda value: type(value) is str and _is_time(value),
    "list": lambda value: type(value) in {list, tuple},
    "object": lambda value: type(value) is dict,
    "user": lambda value: is_user(value),  # noqa: PLW0108 - defined below
    "vkey": lambda value: type(value) is str and value.count("+") >= 2,
    "note": lambda value: type(value) is str and value.endswith("\n"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One kind of entry (a kind and event, for `key`): its fields with their types, its evidence, and whether it
    needs two persons. `optional` may be absent.
    """

    name: str
    fields: Mapping[str, str]
    optional: frozenset[str]
    evidence: frozenset[str]
    optional_evidence: frozenset[str]
    second: bool

    def faults(self, body: Mapping[str, Any]) -> Iterator[str]:
        """Yield the name of every field that is missing, of another type, or of no second person."""
        for name, kind in self.fields.items():
            value = body.get(name)
            if value is None:
                if name not in self.optional:
                    yield name
            elif not _TYPES[kind](value):
                yield name
        if "operator" in body and not is_user(body["operator"]):
            yield "operator"
        if self.second or "second" in body:
            yield from () if is_second(body) else ("second",)

    def wrong_evidence(self, names: Iterable[str]) -> Iterator[str]:
        """Yield every piece of evidence that is missing, or that this kind of entry has not."""
        found = frozenset(names)
        yield from sorted(self.evidence - found)
        yield from sorted(found - self.evidence - self.optional_evidence)


def is_user(value: Any) -> bool:
    """Whether this is an object that names a person, or the station: id and role."""
    if not isinstance(value, dict):
        return False
    user_id, role = value.get("id"), value.get("role")
    return type(user_id) is str and type(role) is str and bool(USER_ID.fullmatch(user_id)) and bool(role)


def is_second(body: Mapping[str, Any]) -> bool:
    """Whether an entry names a second person, other than its operator, and how presence was proven; neither is the
    station.
    """
    second, operator = body.get("second"), body.get("operator")
    if not is_user(second) or not isinstance(second, dict):
        return False
    proof, ids = second.get("proof"), {second["id"]}
    if type(proof) is not str or proof not in PROOFS:
        return False
    if proof == "training" and not str(body.get("origin", _TRAINING)).startswith(_TRAINING):
        return False
    if isinstance(operator, dict):
        ids.add(str(operator.get("id")))
    return STATION_ID not in ids and len(ids) == 1 + isinstance(operator, dict)


@cache
def events() -> Mapping[str, Event]:
    """Return every kind by name: "attempt", "key/user-added", …"""
    table = tomllib.loads(files("sessions").joinpath("events.toml").read_text(encoding="utf-8"))
    keys = table.pop("key")
    found = {name: _event(name, section) for name, section in table.items()}
    return found | {f"key/{name}": _event(f"key/{name}", section) for name, section in keys.items()}


def event_of(kind: str, body: Mapping[str, Any]) -> Event | None:
    """Return the kind of a body, or None if there is none such."""
    return events().get(f"key/{body.get('event')}" if kind == "key" else kind)


def require_event(kind: str, body: Mapping[str, Any], evidence: Iterable[str] = ()) -> Event:
    """Return the kind of a body that has what it must have; `body` includes `operator`. Raises EventFormError."""
    event = event_of(kind, body)
    if event is None:
        raise EventFormError(kind=kind, event=str(body.get("event", "")))
    for fault in event.faults(body):
        raise EventFormError(kind=event.name, field=fault)
    for name in event.wrong_evidence(evidence):
        raise EventFormError(kind=event.name, evidence=name)
    return event


def _event(name: str, section: Mapping[str, Any]) -> Event:
    fields = {field: str(kind) for field, kind in section.items() if field not in _WORDS}
    evidence = [str(each) for each in section.get("evidence", ())]
    return Event(
        name=name,
        fields={field: kind.removesuffix("?") for field, kind in fields.items()},
        optional=frozenset(field for field, kind in fields.items() if kind.endswith("?")),
        evidence=frozenset(each for each in evidence if not each.endswith("?")),
        optional_evidence=frozenset(each.removesuffix("?") for each in evidence if each.endswith("?")),
        second=section.get("second") is True,
    )
