"""EF.COM (9303-10 4.6.1): versions and the list of data groups. Unsigned, hence informative only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from readers.emrtd.files import DATA_GROUPS, EF_COM
from readers.errors import TlvError
from readers.iso7816 import tlv

_LDS_VERSION: Final = 0x5F01
_UNICODE_VERSION: Final = 0x5F36
_TAG_LIST: Final = 0x5C
_NUMBER_BY_TAG: Final = {spec.tag: number for number, spec in DATA_GROUPS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Com:
    """LDS version ("0107"), Unicode version ("040000"), numbers of the data groups said to be present."""

    lds_version: str
    unicode_version: str
    data_groups: tuple[int, ...]


def parse_com(octets: bytes) -> Com:
    """Parse the file, template included. Raises TlvError."""
    items = tlv.parse_one(octets, EF_COM.tag).children()
    tags = tlv.require(items, _TAG_LIST).value
    unknown = [tag for tag in tags if tag not in _NUMBER_BY_TAG]
    if unknown:
        raise TlvError(reason="unknown-data-group")
    return Com(
        lds_version=_digits(tlv.require(items, _LDS_VERSION).value, 4),
        unicode_version=_digits(tlv.require(items, _UNICODE_VERSION).value, 6),
        data_groups=tuple(_NUMBER_BY_TAG[tag] for tag in tags),
    )


def _digits(value: bytes, count: int) -> str:
    if len(value) != count or not value.isdigit():
        raise TlvError(reason="version")
    return value.decode("ascii")
