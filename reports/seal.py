"""The page seal: what a page says, signed by the station, small enough for a QR code.

A COSE_Sign1 (RFC 9052, EdDSA with the log's Ed25519 key) over a CBOR map in deterministic encoding, as Base45
behind the prefix "PRS1:". Whoever has the pinned key of the station can check a sheet without the station.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cbor2
import segno

from reports import base45
from reports.errors import SealFormatError, SealSignatureError, SealTooLongError
from sessions.checkpoint import Signer, VerifierKey
from sessions.errors import NoteSignatureError

PREFIX: Final = "PRS1:"
VERSION: Final = 1
SHORT_HASH: Final = 16
"""Leading bytes of the roster hash and page digest that fit into the code; the root is whole."""
MAX_TEXT: Final = 1_500
_COSE_SIGN1: Final = 18
_KID_BYTES: Final = 8
_PROTECTED: Final = b"\xa2\x01\x27\x04\x48"
"""The protected header {1: -8 (EdDSA), 4: key id of 8 bytes} up to the key id."""
_HEAD: Final = b"\xd2\x84\x4d" + _PROTECTED
"""Tag 18, array of 4, byte string of 13: what every seal begins with, up to the key id."""
_EMPTY_MAP: Final = b"\xa0"
_OUTCOMES: Final = {"A", "R", "X", "-"}
_MASK: Final = 3
_KEYS: Final = tuple(range(1, 12))
_MAX_ROWS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSeal:
    """What a page seal says.

    `size` and `root` (32 bytes) are the tree head; `roster` and `digest` the first 16 bytes of the roster hash
    and of the page digest; `rows` pairs of candidate number and outcome: A admit, R refer, X refuse, - none.
    """

    kind: str
    origin: str
    session_id: str
    page: int
    pages: int
    size: int
    root: bytes
    roster: bytes
    digest: bytes
    rows: tuple[tuple[str, str], ...]

    def payload(self) -> bytes:
        """Return the CBOR that is signed."""
        values: tuple[Any, ...] = (
            VERSION,
            self.kind,
            self.origin,
            self.session_id,
            self.page,
            self.pages,
            self.size,
            self.root,
            self.roster,
            self.digest,
            [part for row in self.rows for part in row],
        )
        return cbor2.dumps(dict(zip(_KEYS, values, strict=True)), canonical=True)


def seal_text(seal: PageSeal, signer: Signer) -> str:
    """Return the signed seal as the text of a QR code; raises SealTooLongError."""
    protected = _PROTECTED + _kid(signer.key)
    payload = seal.payload()
    signature = signer.sign(_to_be_signed(protected, payload))
    message = cbor2.CBORTag(_COSE_SIGN1, [protected, {}, payload, signature])
    text = PREFIX + base45.encode(cbor2.dumps(message, canonical=True))
    if len(text) > MAX_TEXT or len(seal.rows) > _MAX_ROWS:
        raise SealTooLongError(rows=len(seal.rows), size=len(text))
    return text


def read_seal(text: str, key: VerifierKey) -> PageSeal:
    """Return what a seal says if `key`, which must be pinned beforehand, signed it under its own origin.

    Raises SealFormatError for what is no seal of this form, SealSignatureError for any other signer.
    """
    kid, payload, signature = _take_apart(text)
    if kid != _kid(key):
        raise SealSignatureError(why="other-key")
    try:
        key.verify(signature, _to_be_signed(_PROTECTED + kid, payload))
    except NoteSignatureError:
        raise SealSignatureError(why="signature") from None
    seal = _parse(payload)
    if seal.origin != key.name:
        raise SealSignatureError(why="origin")
    return seal


def qr_modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the QR code of a text, error correction M, without its quiet zone: rows of dark or light.

    The mask is fixed: a signed, dense text leaves none that reads better, and trying all eight costs most of the time.
    """
    code = segno.make_qr(text, error="m", boost_error=False, mask=_MASK)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def _kid(key: VerifierKey) -> bytes:
    return bytes.fromhex(key.fingerprint)[:_KID_BYTES]


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure of RFC 9052, 4.4."""
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def _take_apart(text: str) -> tuple[bytes, bytes, bytes]:
    """Return key id, payload and signature by position: nothing is parsed before the signature is checked."""
    if len(text) > MAX_TEXT or not text.startswith(PREFIX):
        raise SealFormatError(why="prefix")
    data = base45.decode(text.removeprefix(PREFIX))
    kid = data[len(_HEAD) : len(_HEAD) + _KID_BYTES]
    item = data[len(_HEAD) + _KID_BYTES + 1 : -66]
    payload = next((item[size:] for size in (1, 2, 3) if cbor2.dumps(item[size:]) == item), b"")
    signature = data[-64:]
    if not payload or data != _HEAD + kid + _EMPTY_MAP + item + cbor2.dumps(signature):
        raise SealFormatError(why="cose")
    return kid, payload, signature


def _load(payload: bytes) -> Any:
    """Return the value of signed CBOR in deterministic encoding."""
    try:
        value = cbor2.loads(payload)
        again = cbor2.dumps(value, canonical=True)
    except (cbor2.CBORError, ValueError, TypeError):
        raise SealFormatError(why="cbor") from None
    if again != payload:
        raise SealFormatError(why="not-deterministic")
    return value


def _parse(payload: bytes) -> PageSeal:
    body = _load(payload)
    if not isinstance(body, dict) or tuple(body) != _KEYS or body[1] != VERSION:
        raise SealFormatError(why="version")
    if not (_all(str, body[2], body[3], body[4]) and _all(int, body[5], body[6], body[7])):
        raise SealFormatError(why="types")
    if not (_all(bytes, body[8], body[9], body[10]) and isinstance(body[11], list)):
        raise SealFormatError(why="types")
    if (len(body[8]), len(body[9]), len(body[10])) != (32, SHORT_HASH, SHORT_HASH):
        raise SealFormatError(why="lengths")
    return PageSeal(
        kind=body[2],
        origin=body[3],
        session_id=body[4],
        page=body[5],
        pages=body[6],
        size=body[7],
        root=body[8],
        roster=body[9],
        digest=body[10],
        rows=_rows(body[11]),
    )


def _rows(flat: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    if len(flat) % 2 or len(flat) > 2 * _MAX_ROWS or not _all(str, *flat):
        raise SealFormatError(why="rows")
    rows = tuple(zip(flat[::2], flat[1::2], strict=True))
    if any(outcome not in _OUTCOMES for _, outcome in rows):
        raise SealFormatError(why="outcome")
    return rows


def _all(kind: type, *values: object) -> bool:
    return all(type(value) is kind for value in values)
