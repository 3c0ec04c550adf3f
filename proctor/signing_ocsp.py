"""One question to a certificate authority: is this certificate revoked. Only where the operator gave an address.

The answer is signed by the authority and judged elsewhere; without one in time, nobody knows, which is a status too.
"""

import http.client
import time
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from reports.signing_revocation import MAX_OCSP

DEADLINE_S: Final = 8.0
MAX_URL: Final = 400
_STEP_S: Final = 4.0
_CHUNK: Final = 16 * 1024


def is_address(url: str) -> bool:
    """Whether an address can be asked: http or https, a host, printable ASCII."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    printable = url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_URL
    return printable and parts.scheme in {"http", "https"} and bool(parts.hostname)


def ask(url: str, certificate: bytes, issuer: bytes) -> bytes | None:
    """Return what the address answers about a certificate (both DER), or None: nothing in time (RFC 6960, A.1)."""
    if not is_address(url):
        return None
    request = ocsp.OCSPRequestBuilder().add_certificate(
        x509.load_der_x509_certificate(certificate),
        x509.load_der_x509_certificate(issuer),
        hashes.SHA1(),  # noqa: S303 - how responders name certificates (RFC 5019, 2.1.1)
    )
    try:
        return _post(url, request.build().public_bytes(Encoding.DER))
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _post(url: str, body: bytes) -> bytes | None:
    end = time.monotonic() + DEADLINE_S
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_STEP_S)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {"Content-Type": "application/ocsp-request"})
        reply = connection.getresponse()
        data = b""
        while reply.status == http.client.OK and len(data) <= MAX_OCSP and time.monotonic() < end:
            chunk = reply.read1(_CHUNK)
            if not chunk:
                return data
            data += chunk
        return None
    finally:
        connection.close()
