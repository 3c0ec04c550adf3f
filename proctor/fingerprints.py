"""Fingerprints as people read them aloud and compare them."""

from typing import Final

GROUP: Final = 8


def grouped(fingerprint: str) -> str:
    """A fingerprint for reading aloud: groups of eight characters."""
    return " ".join(fingerprint[start : start + GROUP] for start in range(0, len(fingerprint), GROUP))
