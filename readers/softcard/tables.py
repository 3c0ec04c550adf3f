"""TOML tables into frozen records, strictly: an unknown key, a wrong type or a value not among the choices is an
error that names the key."""

from __future__ import annotations

import types
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")


class TableError(ValueError):
    """A key of a table is unknown or its value is not allowed; `key` is its dotted name."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


def read_record(kind: type[Record], table: Any, where: str) -> Record:
    """A record of this dataclass from a table; `where` is the table's name. Raises TableError.

    Lists become tuples or frozen sets; a field that is a record itself is read from a table; a class with a
    `parse` method is read from its text form."""
    if not isinstance(table, dict):
        raise TableError(where, "not-a-table")
    hints = get_type_hints(kind)
    unknown = sorted(table.keys() - hints.keys())
    if unknown:
        raise TableError(f"{where}.{unknown[0]}", "unknown")
    values = {name: _value(hints[name], value, f"{where}.{name}") for name, value in table.items()}
    try:
        return kind(**values)
    except TableError as error:
        raise TableError(f"{where}.{error.key}", error.reason) from None


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin is Literal:
        return _choice(get_args(hint), value, where)
    if origin in (Union, types.UnionType):
        inner = [kind for kind in get_args(hint) if kind is not type(None)]
        return _value(inner[0], value, where)
    if origin in (tuple, frozenset):
        if not isinstance(value, list):
            raise TableError(where, "not-a-list")
        return origin(_value(get_args(hint)[0], item, where) for item in value)
    return _plain(hint, value, where)


def _plain(hint: Any, value: Any, where: str) -> Any:
    if hasattr(hint, "parse") and isinstance(value, str):
        try:
            return hint.parse(value)
        except ValueError:
            raise TableError(where, "unknown") from None
    if hasattr(hint, "__dataclass_fields__"):
        return read_record(hint, value, where)
    if hint is float and type(value) in (int, float):
        return float(value)
    if type(value) is not hint:
        raise TableError(where, "wrong-type")
    return value


def _choice(choices: tuple[Any, ...], value: Any, where: str) -> Any:
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        raise TableError(where, "unknown")
    return value
