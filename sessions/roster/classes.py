"""Names of classes that the shipped rules have, found without reading the rules themselves: most lists need no more."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

_CLASS: Final = re.compile(rb"^\[classes\.([A-Z0-9]+)\]", re.MULTILINE)


@cache
def shipped_classes() -> frozenset[str]:
    """Return the names of all classes of all rules files."""
    folder = files("sessions") / "rules"
    tables = [path.read_bytes() for path in folder.iterdir() if path.name.endswith(".toml")]
    return frozenset(name.decode() for data in tables for name in _CLASS.findall(data))
