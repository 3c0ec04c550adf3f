"""From a certificate up to a pinned one: a search that ends, whatever certificates a file brings along.

Who only asks whose name fits can be kept busy for ever by a file in which every certificate bears the same name. Here
a step is a signature that was verified, few names are tried twice, and the number of steps is limited. The paths that
are found are validated elsewhere (RFC 5280, 6.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from reports.signing_errors import UNREADABLE

MAX_CHAIN: Final = 12
"""Certificates of a path, both ends included."""
MAX_STEPS: Final = 200
"""Signatures verified in one search."""
MAX_PATHS: Final = 4


@lru_cache(maxsize=4096)
def issued(certificate: bytes, issuer: bytes) -> bool:
    """Whether `issuer` (DER both) bears the name and has the key by which a certificate was made."""
    try:
        x509.load_der_x509_certificate(certificate).verify_directly_issued_by(
            x509.load_der_x509_certificate(issuer)
        )
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def paths_up(
    certificate: bytes, others: Sequence[bytes], authorities: Sequence[bytes]
) -> Iterator[tuple[bytes, ...]]:
    """Yield paths (DER, the certificate first, the pinned one last), short ones first, few of them.

    A path ends at the first pinned certificate. All must be readable but need not be anything else.
    """
    steps, found = 0, 0
    waiting: list[tuple[bytes, ...]] = [(certificate,)]
    while waiting:
        path = waiting.pop(0)
        if path[-1] in authorities:
            yield path
            found += 1
            if found == MAX_PATHS:
                return
            continue
        for above in dict.fromkeys((*authorities, *others)) if len(path) < MAX_CHAIN else ():
            if above in path or not _named(path[-1], above):
                continue
            steps += 1
            if steps > MAX_STEPS:
                return
            if issued(path[-1], above):
                waiting.append((*path, above))


@lru_cache(maxsize=4096)
def _named(certificate: bytes, issuer: bytes) -> bool:
    """Whether a certificate names an issuer of this name."""
    try:
        above = x509.load_der_x509_certificate(issuer).subject
        return x509.load_der_x509_certificate(certificate).issuer == above
    except UNREADABLE:
        return False
