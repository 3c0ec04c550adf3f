"""What left the machine, as files that people have: checkpoints, QR codes as text or picture, sealed sheets."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import zxingcpp

from proctor.errors import CommandError
from proctor.files import read_file
from proctor.picture_seals import read_picture_seals
from reports.drawn_seals import Modules, drawn_seals
from reports.errors import PdfOtherSignerError, ReportsError
from reports.verification import MAX_BYTES, verify_pdf
from sessions.anchor import SEAL_PREFIX, Anchor, parse_anchor, parse_seal
from sessions.cosignature import CosignerKey
from sessions.errors import NoteFormatError

MAX_VKEY = 8_192
_MODULE_PIXELS = 4
_QUIET_MODULES = 4


def anchors_of(file: str) -> tuple[Anchor, ...]:
    """Return the unverified tree heads in a file: a signed note, the text of a seal, a picture of one, a sheet's PDF.

    A PDF must be whole, as some station sealed it; that it was this one, the seals on its pages say. Raises
    CommandError "anchor-unreadable", "anchor-sheet-unsealed", "file-missing".
    """
    data, label = read_file(file, MAX_BYTES), Path(file).name
    if data.startswith(b"%PDF-"):
        return _of_sheet(data, file, label)
    try:
        return (parse_anchor(data, label=label),)
    except NoteFormatError:
        texts = _read_picture(data)
    return _of_texts(texts, file, label)


def seal_texts(pdf: bytes) -> tuple[str, ...]:
    """Return the texts of the page seals that a verified PDF draws, pages in order; "" for one that is none.

    Raises PdfFormatError where pages or codes cannot be read.
    """
    return tuple(next(iter(_read(_drawn(seal))), "") for seal in drawn_seals(pdf))


def witness_keys(values: Sequence[str]) -> tuple[CosignerKey, ...]:
    """Return the keys of witnesses: each a vkey, or a file that holds one. Raises CommandError."""
    keys = []
    for value in values:
        text = value if "+" in value else read_file(value, MAX_VKEY).decode("utf-8", "replace")
        try:
            keys.append(CosignerKey.parse(text))
        except NoteFormatError:
            raise CommandError("bad-witness-key", usage=True, value=value[:80]) from None
    return tuple(keys)


def _of_texts(texts: Sequence[str], file: str, label: str) -> tuple[Anchor, ...]:
    try:
        found = [parse_seal(text, label=label) for text in texts if text.startswith(SEAL_PREFIX)]
    except NoteFormatError:
        found = []
    if not found:
        raise CommandError("anchor-unreadable", file=file)
    return tuple({(each.origin, each.size, each.root): each for each in found}.values())


def _of_sheet(pdf: bytes, file: str, label: str) -> tuple[Anchor, ...]:
    try:
        seals = drawn_seals(_whole(pdf))
    except ReportsError:
        raise CommandError("anchor-sheet-unsealed", file=file) from None
    return _of_texts([text for seal in seals for text in _read(_drawn(seal))], file, label)


def _whole(pdf: bytes) -> bytes:
    """Return a PDF whose every byte its own certificate's key sealed; raises ReportsError."""
    try:
        verify_pdf(pdf, "")
    except PdfOtherSignerError as error:
        verify_pdf(pdf, str(error.facts["fingerprint"]))
    return pdf


def _drawn(modules: Modules) -> np.ndarray:
    """Return a QR code as a picture."""
    code = np.where(np.array(modules), 0, 255).astype(np.uint8)
    code = np.kron(code, np.ones((_MODULE_PIXELS, _MODULE_PIXELS), dtype=np.uint8))
    return np.pad(code, _MODULE_PIXELS * _QUIET_MODULES, constant_values=255)


def _read_picture(data: bytes) -> tuple[str, ...]:
    """Return the texts of the seals in a picture, which may be large, small or turned; none in what is no picture."""
    try:
        return read_picture_seals(data).texts
    except CommandError:
        return ()


def _read(picture: np.ndarray) -> list[str]:
    codes = zxingcpp.read_barcodes(picture)
    return [code.text for code in codes if code.text.startswith(SEAL_PREFIX)]
