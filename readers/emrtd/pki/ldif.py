"""LDIF (RFC 2849) as the ICAO Public Key Directory gives it out: master lists, CSCAs, signers and CRLs in base64."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_MASTER_LISTS: Final = frozenset({"cscamasterlistdata", "pkdmasterlistcontent"})
_AUTHORITIES: Final = frozenset({"cacertificate"})
_SIGNERS: Final = frozenset({"usercertificate"})
_CRLS: Final = frozenset({"certificaterevocationlist"})
_STARTS: Final = ("version:", "dn:")
_HEAD_OCTETS: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LdifFile:
    """What the attributes hold, decoded; `signers` are only counted, `broken` names attributes that could not be
    decoded."""

    master_lists: tuple[bytes, ...]
    authorities: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    signers: int
    broken: tuple[str, ...]


def looks_like_ldif(octets: bytes) -> bool:
    """Whether the first line that says anything is one of LDIF."""
    head = octets[:_HEAD_OCTETS].removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    lines = (line.strip().lower() for line in head.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.startswith(_STARTS)


def read_ldif(octets: bytes) -> LdifFile:
    """Read every attribute that this reader knows; work is bounded by the size of the file."""
    master_lists: list[bytes] = []
    authorities: list[bytes] = []
    crls: list[bytes] = []
    broken: list[str] = []
    signers = 0
    for name, value in _attributes(octets):
        if name in _SIGNERS:
            signers += 1
            continue
        kept = next(
            (
                kept
                for kept, names in ((master_lists, _MASTER_LISTS), (authorities, _AUTHORITIES), (crls, _CRLS))
                if name in names
            ),
            None,
        )
        if kept is None:
            continue
        decoded = _decode(value)
        if decoded is None:
            broken.append(name)
        else:
            kept.append(decoded)
    return LdifFile(
        master_lists=tuple(master_lists),
        authorities=tuple(authorities),
        crls=tuple(crls),
        signers=signers,
        broken=tuple(broken),
    )


def _attributes(octets: bytes) -> Iterator[tuple[str, bytes]]:
    """Name (lower case, without options such as ;binary) and value as written after the first colon."""
    for line in _unfolded(octets):
        name, colon, value = line.partition(b":")
        if colon and not name.startswith(b"#"):
            yield name.split(b";")[0].strip().lower().decode("ascii", errors="replace"), value


def _unfolded(octets: bytes) -> Iterator[bytes]:
    """The lines of the file; one that begins with a space goes on with the line before it."""
    parts: list[bytes] = []
    start = 0
    while start < len(octets):
        end = octets.find(b"\n", start)
        end = len(octets) if end < 0 else end
        line = octets[start:end].removesuffix(b"\r")
        start = end + 1
        if line.startswith(b" ") and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield b"".join(parts)
        parts = [line] if line else []
    if parts:
        yield b"".join(parts)


def _decode(value: bytes) -> bytes | None:
    """The octets of a base64 value (`name:: …`); None for any other form, a URL included."""
    if not value.startswith(b":"):
        return None
    try:
        return b64decode(value[1:].strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
