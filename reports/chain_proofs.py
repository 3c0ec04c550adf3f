"""What proves a whole chain, up to the self-signed root where it is known: a pinned certificate in between ends a
path, but whoever pins the root alone must find every proof in the file too (ETSI EN 319 142-1, 5.5).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from reports.signing_revocation import Revocation, is_authority, revocation_of
from reports.signing_status import name_of

MAX_CHAIN: Final = 12
MAX_KNOWN: Final = 100
_UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """Of whom a list or an answer in force is missing: the name of who issued the certificate, never whose it is.

    `status`: "unknown", or "revoked" where somebody says so.
    """

    issuer: str
    status: str


def whole_chain(chain: Sequence[bytes], known: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return a chain (DER, the certificate first), continued above its end by certificates that made it."""
    whole = list(chain)
    left = [der for der in itertools.islice(dict.fromkeys(known), MAX_KNOWN) if der not in whole]
    while len(whole) < MAX_CHAIN and not _made(whole[-1], whole[-1]):
        above = next((der for der in left if _made(whole[-1], der)), None)
        if above is None:
            break
        whole.append(above)
        left.remove(above)
    return tuple(whole)


def unproven(
    chain: Sequence[bytes], *, crls: Sequence[bytes], ocsps: Sequence[bytes], moments: Sequence[datetime]
) -> Unproven | None:
    """Return the first certificate of a chain that is not shown good at any of some moments (UTC), or None.

    The last one of the chain proves itself or is believed; nobody is asked about it.
    """
    for below, above in itertools.pairwise(chain):
        certificate, issuer = x509.load_der_x509_certificate(below), x509.load_der_x509_certificate(above)
        said = {revocation_of(certificate, issuer, crls=crls, ocsps=ocsps, at=moment) for moment in moments}
        revoked = Revocation.REVOKED in said
        if revoked or Revocation.GOOD not in said:
            return Unproven(
                issuer=name_of(certificate.issuer),
                status=str(Revocation.REVOKED if revoked else Revocation.UNKNOWN),
            )
    return None


def _made(certificate: bytes, issuer: bytes) -> bool:
    """Whether an authority's certificate is above another: its name, its key, and that it may issue."""
    try:
        above = x509.load_der_x509_certificate(issuer)
        x509.load_der_x509_certificate(certificate).verify_directly_issued_by(above)
        return is_authority(above)
    except (InvalidSignature, *_UNREADABLE):
        return False
