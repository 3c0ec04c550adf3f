"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def replace_file(path: Path, octets: bytes) -> None:
    """Write a whole file or leave the old one: no power cut leaves half of it."""
    replace_all({path: octets})


def replace_all(files: Mapping[Path, bytes]) -> None:
    """Write many files, each whole or not at all, and wait until all of them are on the disk."""
    drafts = [(path.with_suffix(".new"), path) for path in files]
    for (draft, _), octets in zip(drafts, files.values(), strict=True):
        draft.write_bytes(octets)
    for draft, path in drafts:
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
