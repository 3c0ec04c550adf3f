"""EF.DG14, security options (9303-10 4.7.14)."""

from __future__ import annotations

from readers.emrtd.files import DG14
from readers.emrtd.lds.security_infos import SecurityInfos, parse_security_infos
from readers.iso7816 import tlv


def parse_dg14(octets: bytes) -> SecurityInfos:
    """Parse the file, template included. Raises TlvError."""
    return parse_security_infos(tlv.parse_one(octets, DG14.tag).value)
