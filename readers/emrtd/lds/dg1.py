"""EF.DG1, the MRZ on the chip (9303-10 4.7.1)."""

from __future__ import annotations

from typing import Final

from readers.emrtd.files import DG1
from readers.emrtd.lds.mrz import Mrz, parse_mrz
from readers.errors import MrzError
from readers.iso7816 import tlv

_MRZ: Final = 0x5F1F


def parse_dg1(octets: bytes) -> Mrz:
    """Parse the file, template included. Raises TlvError, MrzError."""
    value = tlv.parse_one(octets, DG1.tag).child(_MRZ).value
    if not value.isascii():
        raise MrzError(field="characters")
    return parse_mrz(value.decode("ascii"))
