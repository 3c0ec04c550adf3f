"""What a data root says of itself, and who has keys there, read from two small files and from names.

A window can say who may log in before anything of the log or of cryptography is loaded.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final, Literal, cast

from sessions.errors import KeysDamagedError, KeysMissingError, RootDamagedError, RootMissingError

Kind = Literal["real", "training"]
ROOT_MARK: Final = "root.toml"
KEY_SETTINGS: Final = "keys.toml"
LOG: Final = "station.db"
MEMORY: Final = "memory.bin"
EVIDENCE_KEYS: Final = "evidence.slots"
ORIGIN: Final = re.compile(r"proctor\.(real|training)/[0-9a-f]{8}")
_FIELDS: Final = {"schema", "kind", "origin", "created"}


def read_mark(root: Path) -> tuple[Kind, str, str]:
    """Return kind, origin and time of creation (as written) of the data root at a path.

    Raises RootMissingError, RootDamagedError.
    """
    try:
        fields = tomllib.loads((root / ROOT_MARK).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RootMissingError from None
    except (OSError, ValueError):
        raise RootDamagedError(file=ROOT_MARK) from None
    origin, kind = str(fields.get("origin")), fields.get("kind")
    found = ORIGIN.fullmatch(origin)
    if set(fields) != _FIELDS or fields["schema"] != 1 or found is None or found[1] != kind:
        raise RootDamagedError(file=ROOT_MARK)
    return cast("Kind", kind), origin, str(fields["created"])


def keys_of(root: Path) -> Path:
    """Return the folder of a root's keys, sealed or bare, and of the users' slots."""
    return root / "keys"


def has_begun(root: Path) -> bool:
    """Whether a log was ever begun in a data root: it, the memory of it, or the keys of its evidence are there.

    Before that keys guard nothing: their station was never made.
    """
    return any(path.exists() for path in (root / LOG, root / MEMORY, keys_of(root) / EVIDENCE_KEYS))


def read_key_settings(keys: Path) -> tuple[str, int]:
    """Return custody and generation of a folder of keys. Raises KeysMissingError, KeysDamagedError."""
    try:
        fields = tomllib.loads((keys / KEY_SETTINGS).read_text(encoding="utf-8"))
        custody, number = str(fields["custody"]), fields.get("generation", 1)
    except FileNotFoundError:
        raise KeysMissingError from None
    except (OSError, ValueError, KeyError):
        raise KeysDamagedError(file=KEY_SETTINGS) from None
    if custody not in {"bare", "sealed", "keyring"} or type(number) is not int or number < 1:
        raise KeysDamagedError(file=KEY_SETTINGS)
    return custody, number


def slots_of(keys: Path, generation: int) -> Path:
    """Return the folder of the users' slots of a generation."""
    return keys / ("slots" if generation == 1 else f"slots.{generation}")


def slot_ids(slots: Path) -> tuple[str, ...]:
    """Return the ids of the users that have a slot, sorted."""
    return tuple(sorted(path.stem for path in slots.glob("*.slot")))
