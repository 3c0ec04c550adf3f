"""Read the tables in models/*.toml. An unknown, missing or wrongly typed key is an error that names it."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from biometrics.errors import ModelTableError

Table = Mapping[str, Any]


def read_table(name: str, keys: Mapping[str, type | tuple[type, ...]]) -> tuple[Table, bytes]:
    """Return models/<name>.toml and its bytes. `keys`: every key it must have, with its type.

    Raises ModelTableError(table, key).
    """
    data = (files("biometrics") / "models" / f"{name}.toml").read_bytes()
    table = tomllib.loads(data.decode("utf-8"))
    require_keys(name, table, keys)
    return table, data


def require_keys(name: str, table: Table, keys: Mapping[str, type | tuple[type, ...]]) -> None:
    """Require exactly `keys`. Raises ModelTableError(table, key)."""
    for key in sorted(table.keys() ^ keys.keys()):
        raise ModelTableError(table=name, key=key, defect="unknown" if key in table else "missing")
    for key, kind in keys.items():
        if not isinstance(table[key], kind) or (isinstance(table[key], bool) and kind is not bool):
            raise ModelTableError(table=name, key=key, defect="type")


def numbers(name: str, key: str, values: Sequence[Any], count: int) -> tuple[float, ...]:
    """Return `count` numbers as floats. Raises ModelTableError(table, key)."""
    if len(values) != count or not all(type(value) in {int, float} for value in values):
        raise ModelTableError(table=name, key=key, defect="type")
    return tuple(float(value) for value in values)
