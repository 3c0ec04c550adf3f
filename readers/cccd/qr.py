"""The QR payload printed on the card: `|`-separated UTF-8. Unsigned: it may open the chip, never identify
anyone.

2021 card, seven fields: number | old number | full name | birth ddMMyyyy | Nam/Nữ | address | issued
ddMMyyyy. 2024 card, eleven: the same and four more, kept as `extra`. Six to fifteen fields are tolerated
with a warning.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from readers.cccd.id_number import IdNumber, parse_id_number
from readers.emrtd.dates import PartialDate, parse_printed
from readers.errors import IdNumberError, QrError

if TYPE_CHECKING:
    from readers.emrtd.access_key import Can

SEPARATOR: Final = "|"
MAX_OCTETS: Final = 4096
_USUAL_COUNTS: Final = (7, 11)
_MIN_FIELDS: Final = 6
_MAX_FIELDS: Final = 15
_SEXES: Final = {"nam": "M", "nữ": "F"}
_LINE_ENDS: Final = "\r\n\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class QrCard:
    """What the QR code says; every field is hidden from repr. `warnings` are codes without personal data."""

    id_number: IdNumber = field(repr=False)
    old_number: str = field(default="", repr=False)
    full_name: str = field(default="", repr=False)
    birth: PartialDate | None = field(default=None, repr=False)
    sex: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    issued: PartialDate | None = field(default=None, repr=False)
    extra: tuple[str, ...] = field(default=(), repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def can(self) -> Can:
        """The card access number of this card."""
        return self.id_number.can


def parse_qr(payload: str | bytes) -> QrCard:
    """Parse a payload as a scanner or camera gave it. Raises QrError (fact `field`: which part is at
    fault)."""
    fields = _split(_decode(payload))
    warnings = [] if len(fields) in _USUAL_COUNTS else ["qr-field-count"]
    try:
        number = parse_id_number(fields[0])
    except IdNumberError as error:
        raise QrError(field="id-number", reason=str(error.facts["reason"])) from None
    birth = _date(fields[3], "qr-odd-birth", warnings)
    sex = _SEXES.get(fields[4].casefold(), "")
    if not sex:
        warnings.append("qr-odd-sex")
    if not fields[2]:
        warnings.append("qr-no-name")
    issued = _date(fields[6], "qr-odd-issue-date", warnings) if len(fields) > 6 else None
    return QrCard(
        id_number=number,
        old_number=fields[1],
        full_name=fields[2],
        birth=birth,
        sex=sex,
        address=fields[5],
        issued=issued,
        extra=tuple(fields[7:]),
        warnings=tuple(warnings),
    )


def _decode(payload: str | bytes) -> str:
    octets = payload.encode("utf-8", errors="surrogatepass") if isinstance(payload, str) else payload
    if len(octets) > MAX_OCTETS:
        raise QrError(field="payload", reason="too-long")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise QrError(field="payload", reason="not-utf-8") from None
    return unicodedata.normalize("NFC", text.removeprefix("\ufeff").strip(_LINE_ENDS))


def _split(text: str) -> list[str]:
    if SEPARATOR not in text:
        raise QrError(field="payload", reason="no-separator")
    fields = [part.strip() for part in text.split(SEPARATOR)]
    if not _MIN_FIELDS <= len(fields) <= _MAX_FIELDS:
        raise QrError(field="payload", reason="field-count", fields=len(fields))
    for position, part in enumerate(fields, start=1):
        if any(unicodedata.category(character).startswith("C") for character in part):
            raise QrError(field=f"field-{position}", reason="control-character")
    return fields


def _date(text: str, warning: str, warnings: list[str]) -> PartialDate | None:
    """ddMMyyyy, 00 for an unknown day or month, or yyyy alone; None with a warning otherwise."""
    try:
        return parse_printed(text)
    except ValueError:
        warnings.append(warning)
        return None
