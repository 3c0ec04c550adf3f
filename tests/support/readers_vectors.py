"""Loads tests/vectors/*.toml and turns hexadecimal values into octets."""

import tomllib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "vectors"


@cache
def vectors(name):
    """The tables of one file."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def octets(table, key):
    """One value as bytes."""
    return bytes.fromhex(table[key])
