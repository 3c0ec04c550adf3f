"""What is said of a cell that is used: it was changed, it was guessed, it looks odd."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

CHANGE: Final = "change"
GUESS: Final = "guess"
WARNING: Final = "warning"


@dataclass(frozen=True, slots=True)
class Note:
    """What happened to a cell: `kind` change, guess or warning; the code; before and after."""

    kind: str
    code: str
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)
