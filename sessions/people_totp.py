"""Six-digit codes that change every 30 seconds: TOTP with HMAC-SHA-1 (RFC 6238 over RFC 4226). Pure; no clock.

The shared secret lies in the user's slot under the user's password. A code counts in its own 30 seconds and in those
before and after, and once only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import quote

from sessions.people_errors import TotpCodeError

STEP_S: Final = 30
DIGITS: Final = 6
DRIFT: Final = 1
SECRET_BYTES: Final = 20
NEVER: Final = -1
"""The step of somebody who never gave a code."""


def new_secret() -> bytes:
    """Return a fresh shared secret: 20 bytes, as RFC 4226 recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """Return the code of a step: the number of 30-second periods since 1970 (RFC 4226, 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    place = digest[-1] & 0x0F
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def require_code(secret: bytes, code: str, *, seconds: int, last: int = NEVER, user: str = "") -> int:
    """Return the step of a code that is right now; `seconds` since 1970, `last`: the step of the last code taken.

    Raises TotpCodeError for a wrong code, and for one of a step that is not after `last`: a code seen over somebody's
    shoulder opens nothing a second time.
    """
    given = "".join(code.split())
    now = seconds // STEP_S
    steps = [step for step in range(now - DRIFT, now + DRIFT + 1) if step >= 0]
    right = [step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), given.encode())]
    if not right:
        raise TotpCodeError(user=user, why="wrong")
    fresh = [step for step in right if step > last]
    if not fresh:
        raise TotpCodeError(user=user, why="used")
    return fresh[0]


def as_text(secret: bytes) -> str:
    """Return the secret in Base32 without padding, as it is typed into a telephone."""
    return base64.b32encode(secret).decode().rstrip("=")


def as_address(secret: bytes, *, user: str, station: str) -> str:
    """Return the `otpauth` address that a telephone reads as a QR code."""
    label = quote(f"proctor:{user}@{station}", safe=":@")
    return f"otpauth://totp/{label}?secret={as_text(secret)}&issuer=proctor&digits={DIGITS}&period={STEP_S}"
