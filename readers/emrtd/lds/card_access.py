"""EF.CardAccess (9303-11 9.2.8): the SecurityInfos readable before access, hence unauthenticated until
DG14."""

from __future__ import annotations

from readers.emrtd.lds.security_infos import SecurityInfos, parse_security_infos


def parse_card_access(octets: bytes) -> SecurityInfos:
    """Parse EF.CardAccess. Raises TlvError."""
    return parse_security_infos(octets)
