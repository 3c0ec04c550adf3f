"""Does a signature's box show what this program draws for it? The box is drawn again and compared, fonts and all.

A signature covers its own box, but nothing else ties the words in it to who signed, in which role and when: whoever
has a certificate could sign a box with any words. So every box must be one of those that `signing_look` draws from
the field's role, the certificate and the time claimed. What is not painted by that is not in it.
"""

from __future__ import annotations

import io
import zlib
from datetime import datetime
from typing import Any, Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, PdfObject, StreamObject
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import PdfFileWriter
from pyhanko.stamp.static import StaticStampStyle

from reports.errors import PdfAlteredError
from reports.signing_look import Box, Shown, official_look, station_look
from reports.signing_status import name_of
from reports.wording import Texts, clean, say

WORDINGS: Final[tuple[Texts, ...]] = (
    {
        "sheet.station-seal.title": "NIÊM PHONG ĐIỆN TỬ CỦA TRẠM",
        "sheet.station-seal.origin": "Trạm: {origin}",
        "sheet.station-seal.time": "Lúc: {time} (giờ Việt Nam)",
        "sheet.station-seal.key": "Chứng thư (SHA-256): {fingerprint}",
        "sheet.station-seal.reason": "Niêm phong điện tử của trạm",
        "signing.look.title": "Ký số: {role}",
        "signing.look.issuer": "Nơi cấp: {issuer}",
        "signing.look.time": "Lúc {time} (giờ trạm)",
        "signing.look.valid": "Còn hiệu lực, chưa bị thu hồi",
        "signing.look.unknown": "Thu hồi: CHƯA XÁC ĐỊNH",
        "signing.reason": "Ký với vai trò {role}",
    },
)
"""Every wording in which a release wrote its boxes: part of the form of the file. Who changes the texts adds one."""
_PLAIN: Final = frozenset({"/Length", "/Filter"})
_PACKED: Final = (b"/FlateDecode", b"[ /FlateDecode ]")
_HOLDERS: Final = (StreamObject, DictionaryObject, ArrayObject)
_MAX_BOX: Final = 2_000


def require_station_look(field: DictionaryObject, certificate: bytes, at: datetime) -> None:
    """Raise PdfAlteredError unless the station's field shows its seal: by this certificate (DER), at this time."""
    box = _box(field)
    subject = asn1_x509.Certificate.load(certificate).subject
    origin = str(subject.native["common_name"])
    for texts in WORDINGS:
        style = station_look(box, certificate=certificate, origin=origin, at=at, texts=texts)
        said = _says(field, "/Reason", say(texts, "sheet.station-seal.reason"))
        if said and _says(field, "/Name", origin) and _shows(field, _drawn(style, box)):
            return
    raise _foreign(field)


def require_official_look(field: DictionaryObject, certificate: bytes, at: datetime) -> None:
    """Raise PdfAlteredError unless an official's field shows role, holder, issuer and time of its signature."""
    box, role = _box(field), clean(str(field.get("/TU", "")))
    parsed = x509.load_der_x509_certificate(certificate)
    holder, issuer = name_of(parsed.subject), name_of(parsed.issuer)
    for texts in WORDINGS:
        if not _says(field, "/Reason", say(texts, "signing.reason", role=role)):
            continue
        for unknown in (False, True):
            shown = Shown(role=role, holder=holder, issuer=issuer, at=at, unknown=unknown)
            style = official_look(box, shown, texts)
            if _says(field, "/Name", holder) and _shows(field, _drawn(style, box)):
                return
    raise _foreign(field)


def require_no_look(field: DictionaryObject) -> None:
    """Raise PdfAlteredError if a field that nobody signed shows anything."""
    look = field.get("/AP")
    if look is None:
        return
    shown = look["/N"] if set(look) == {"/N"} else None
    if not isinstance(shown, StreamObject) or shown.encoded_data.strip() or "/Filter" in shown:
        raise _foreign(field)


def _foreign(field: DictionaryObject) -> PdfAlteredError:
    return PdfAlteredError(why="look-foreign", field=clean(str(field["/T"])))


def _box(field: DictionaryObject) -> Box:
    left, bottom, right, top = (round(float(edge)) for edge in field["/Rect"])
    if not (0 < right - left <= _MAX_BOX and 0 < top - bottom <= _MAX_BOX):
        raise _foreign(field)
    return left, bottom, right, top


def _says(field: DictionaryObject, key: str, words: str) -> bool:
    """Whether the signature says this of itself, where viewers list signatures; it names no place."""
    value = field["/V"]
    return str(value.get(key, "")) == words and "/Location" not in value


def _drawn(style: StaticStampStyle, box: Box) -> PdfObject:
    """Return a box as an annotation's looks."""
    room = BoxConstraints(width=box[2] - box[0], height=box[3] - box[1])
    writer = PdfFileWriter()  # type: ignore[no-untyped-call]
    stamp = style.create_stamp(writer, room, {})
    made: PdfObject = stamp.as_appearances().as_pdf_object()
    return made


def _shows(field: DictionaryObject, made: PdfObject) -> bool:
    return "/AP" in field and "/AS" not in field and _same(field.raw_get("/AP"), made)


def _same(found: Any, made: Any) -> bool:
    """Whether two values are the same, whatever the numbers of their objects and however streams are packed.

    Ends, since what was made here ends.
    """
    found, made = found.get_object(), made.get_object()
    if any(isinstance(found, kind) is not isinstance(made, kind) for kind in _HOLDERS):
        return False
    if isinstance(made, DictionaryObject):
        if isinstance(made, StreamObject) and not _same_data(found, made):
            return False
        plain = _PLAIN if isinstance(made, StreamObject) else frozenset()
        keys = set(made) - plain
        return keys == set(found) - plain and all(
            _same(found.raw_get(key), made.raw_get(key)) for key in keys
        )
    if isinstance(made, ArrayObject):
        return len(found) == len(made) and all(map(_same, found, made))
    return _written(found) == _written(made)


def _same_data(found: StreamObject, made: StreamObject) -> bool:
    """Whether two streams have the same content; no more is unpacked than the one made here has."""
    expected = _unpacked(made, len(made.encoded_data) * 1_100)
    return expected is not None and _unpacked(found, len(expected) + 1) == expected


def _unpacked(stream: StreamObject, most: int) -> bytes | None:
    """Return a stream's content, `most` octets of it at most, or None where it is packed otherwise or goes on."""
    data = bytes(stream.encoded_data)
    if "/Filter" not in stream:
        return data
    if _written(stream.raw_get("/Filter")) not in _PACKED:
        return None
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(data, most)
    except zlib.error:
        return None
    return content if unpacker.eof and not unpacker.unused_data.strip() else None


def _written(value: PdfObject) -> bytes:
    out = io.BytesIO()
    value.write_to_stream(out, None)
    return out.getvalue()
