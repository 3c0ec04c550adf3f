"""LDIF (RFC 2849) as the ICAO Public Key Directory gives it out: master lists, CSCAs, signers and CRLs in base64."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_MASTER_LISTS: Final = frozenset({"cscamasterlistdata", "pkdmasterlistcontent"})
_AUTHORITIES: Final = frozenset({"cacertificate"})
_SIGNERS: Final = frozenset({"usercertificate"})
_CRLS: Final = frozenset({"certificaterevocationlist"})
_KNOWN: Final = _MASTER_LISTS | _AUTHORITIES | _SIGNERS | _CRLS
MAX_LINE_OCTETS: Final = 64 * 1024 * 1024
"""Of one attribute as it is folded: four times the longest revocation list this reader takes."""
_LINE_END: Final = re.compile(rb"\n(?! )")
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


def _attributes(octets: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Known attributes: name (lower case, without options such as ;binary) and value as written after the first colon;
    None where a value is too long for anything this reader knows.

    One line with what is folded under it is unfolded at a time, by replacing: of a file of short lines, no object is
    made for each."""
    start = 0
    while start < len(octets):
        found = _LINE_END.search(octets, start)
        end = len(octets) if found is None else found.start()
        whole = end - start <= MAX_LINE_OCTETS
        line = octets[start : end if whole else start + _HEAD_OCTETS]
        start = end + 1
        line = line.replace(b"\r\n ", b"").replace(b"\n ", b"").removesuffix(b"\r")
        colon = line.find(b":")
        name = line[: max(colon, 0)].split(b";")[0].strip().lower().decode("ascii", errors="replace")
        if name in _KNOWN:
            yield name, line[colon + 1 :] if whole else None


def _decode(value: bytes | None) -> bytes | None:
    """The octets of a base64 value (`name:: …`); None for any other form, a URL included."""
    if value is None or not value.startswith(b":"):
        return None
    try:
        return b64decode(value[1:].strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
