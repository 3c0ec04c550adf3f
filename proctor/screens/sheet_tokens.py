"""Officials' tokens as the sheets page offers them: libraries that are on this machine, certificates that can sign."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_UNIX: Final = (
    "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib/opensc-pkcs11.so",
    "/usr/lib64/opensc-pkcs11.so",
    "/usr/lib/softhsm/libsofthsm2.so",
)
_WINDOWS: Final = ("OpenSC Project/OpenSC/pkcs11/opensc-pkcs11.dll",)
"""Below the folder of programs."""
SIGNS: Final = "signs"


def libraries(platform: str = sys.platform) -> tuple[str, ...]:
    """Return the PKCS#11 libraries of common makers that are on this machine."""
    if platform == "win32":
        programs = Path(os.environ.get("PROGRAMFILES", "C:/Program Files"))
        known: Sequence[Path] = [programs / name for name in _WINDOWS]
    else:
        known = [Path(name) for name in _UNIX]
    return tuple(str(path) for path in known if path.is_file())


def told(data: Mapping[str, Any], lines: Sequence[str]) -> tuple[str, ...]:
    """Return of what `proctor sheets token` says what whoever signs needs: two lines for each certificate, those of
    authorities left out."""
    left_out = {
        1 + 2 * at + line
        for at, row in enumerate(data["certificates"])
        if row["use"] != SIGNS
        for line in (0, 1)
    }
    return tuple(line for at, line in enumerate(lines) if at not in left_out)


def certificates(data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the certificates that may sign of what `proctor sheets token` says: fingerprint, and holder with label."""
    return tuple(
        (str(row["fingerprint"]), f"{row['holder']} · {row['label']}")
        for row in data["certificates"]
        if row["use"] == SIGNS
    )
