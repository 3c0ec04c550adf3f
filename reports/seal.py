"""The page seal: what a page says, signed by the station, small enough for a QR code.

A COSE_Sign1 (RFC 9052, EdDSA with the log's Ed25519 key) over a CBOR array in deterministic encoding, as Base45
behind the prefix "PRS1:". Whoever has the pinned key of the station can check a sheet without the station.
Form: docs/log-format.md, "Sheets".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import cbor2
import segno

from reports import base45
from reports.errors import SealFormatError, SealSignatureError, SealTooLongError
from reports.seal_rows import MAX_ROWS, Marks, pack_numbers, unpack_numbers
from sessions.checkpoint import Signer, VerifierKey
from sessions.course.grading import Outcome
from sessions.errors import NoteSignatureError

PREFIX: Final = "PRS1:"
VERSION: Final = 2
"""Of the payload. Version 1 had every number in full, no `variant`, and no letters of results."""
SHORT_HASH: Final = 16
"""Leading bytes of the roster hash and page digest that fit into the code; the root is whole."""
MAX_TEXT: Final = 1_500
"""Longest text that is read."""
LONGEST_TEXT: Final = 656
"""Longest text that is made: a QR code of version 16-M, 81 modules, which a phone's 100 dpi still tells apart."""
_COSE_SIGN1: Final = 18
_KID_BYTES: Final = 8
_PROTECTED: Final = b"\xa2\x01\x27\x04\x48"
"""The protected header {1: -8 (EdDSA), 4: key id of 8 bytes} up to the key id."""
_HEAD: Final = b"\xd2\x84\x4d" + _PROTECTED
"""Tag 18, array of 4, byte string of 13: what every seal begins with, up to the key id."""
_EMPTY_MAP: Final = b"\xa0"
_SIGNATURE_BYTES: Final = 66
NONE: Final = "-"
CHECK_IN_LETTERS: Final = "ARX-"
RESULT_LETTERS: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.PASSED: "D",
        Outcome.FAILED: "O",
        Outcome.ABSENT: "V",
        Outcome.INCOMPLETE: "K",
        Outcome.TAKEN: "T",
    }
)
"""The letters of DA, RO, VA, KH, and of points without a pass mark."""
LETTERS: Final = frozenset({*CHECK_IN_LETTERS, *RESULT_LETTERS.values()})
_LETTERS_OF: Final = {1: frozenset(CHECK_IN_LETTERS), 2: LETTERS}
_MASK: Final = 3
_TYPES: Final = (int, str, str, str, int, int, int, bytes, bytes, bytes, list, str)
_TYPES_OF: Final = {1: _TYPES, 2: (*_TYPES, str)}
_ANY_PAGE: Final = 999
_ANY_SIZE: Final = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSeal:
    """What a page seal says.

    `size` and `root` (32 bytes) are the tree head; `roster` and `digest` the first 16 bytes of the roster hash
    and of the page digest; `rows` pairs of candidate number and outcome: A admit, R refer, X refuse; D passed,
    O failed, V absent, K not finished, T taken; - none. A row that is no candidate's is ("", "-"). `variant` as in
    the sheet. `version` is that of the payload.
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
    rows: Marks
    variant: str = ""
    version: int = VERSION

    def payload(self) -> bytes:
        """Return the CBOR that is signed."""
        numbers = [number for number, _ in self.rows]
        values = [
            self.version,
            self.kind,
            self.origin,
            self.session_id,
            self.page,
            self.pages,
            self.size,
            self.root,
            self.roster,
            self.digest,
            numbers if self.version == 1 else pack_numbers(numbers),
            "".join(outcome for _, outcome in self.rows),
            *([] if self.version == 1 else [self.variant]),
        ]
        return cbor2.dumps(values, canonical=True)


def seal_text(seal: PageSeal, signer: Signer) -> str:
    """Return the signed seal as the text of a QR code; raises SealTooLongError where `fits` says no."""
    protected = _PROTECTED + _kid(signer.key)
    payload = seal.payload()
    signature = signer.sign(_to_be_signed(protected, payload))
    message = cbor2.CBORTag(_COSE_SIGN1, [protected, {}, payload, signature])
    text = PREFIX + base45.encode(cbor2.dumps(message, canonical=True))
    if len(text) > LONGEST_TEXT or len(seal.rows) > MAX_ROWS:
        raise SealTooLongError(rows=len(seal.rows), size=len(text))
    return text


def fits(
    marks: Sequence[tuple[str, str]], *, kind: str, origin: str, session_id: str, variant: str = ""
) -> bool:
    """Whether these rows of one page, whichever page it is, go into its seal; fewer of them then do too.

    A page of 64 rows whose numbers count up always does, eleven of the longest numbers a roster may have do too.
    """
    if len(marks) > MAX_ROWS:
        return False
    largest = PageSeal(
        kind=kind,
        origin=origin,
        session_id=session_id,
        page=_ANY_PAGE,
        pages=_ANY_PAGE,
        size=_ANY_SIZE,
        root=bytes(32),
        roster=bytes(SHORT_HASH),
        digest=bytes(SHORT_HASH),
        rows=tuple(marks),
        variant=variant,
    )
    payload = cbor2.dumps(largest.payload(), canonical=True)
    size = len(_HEAD) + _KID_BYTES + len(_EMPTY_MAP) + len(payload) + _SIGNATURE_BYTES
    return len(PREFIX) + size // 2 * 3 + size % 2 * 2 <= LONGEST_TEXT


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
    item = data[len(_HEAD) + _KID_BYTES + 1 : -_SIGNATURE_BYTES]
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
    values = _load(payload)
    types = (
        _TYPES_OF.get(values[0] if values and type(values[0]) is int else 0)
        if isinstance(values, list)
        else None
    )
    if types is None or len(values) != len(types):
        raise SealFormatError(why="version")
    if any(type(value) is not kind for value, kind in zip(values, types, strict=True)):
        raise SealFormatError(why="types")
    version, kind, origin, session_id, page, pages, size, root, roster, digest, numbers, outcomes, *rest = (
        values
    )
    if (len(root), len(roster), len(digest)) != (32, SHORT_HASH, SHORT_HASH):
        raise SealFormatError(why="lengths")
    if not set(outcomes) <= _LETTERS_OF[version] or len(numbers) != len(outcomes) or len(numbers) > MAX_ROWS:
        raise SealFormatError(why="rows")
    return PageSeal(
        kind=kind,
        origin=origin,
        session_id=session_id,
        page=page,
        pages=pages,
        size=size,
        root=root,
        roster=roster,
        digest=digest,
        rows=tuple(zip(unpack_numbers(numbers, counting=version > 1), outcomes, strict=True)),
        variant=rest[0] if rest else "",
        version=version,
    )
