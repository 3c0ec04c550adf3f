"""Which keys may open a chip, in which order, told from what was scanned or typed (9303-11 4.4.2, 9.7.1).

The QR code of the card has the number, hence the CAN; if the chip takes no CAN, document number, birth and the
expiry candidates of the rule give the MRZ key. At most four keys in all: the first that fits is recorded, and a
later one is itself a sign that code and chip disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Final

from readers.cccd import expiry as expiry_rule
from readers.cccd.id_number import DIGITS, IdNumber, parse_id_number
from readers.cccd.qr import SEPARATOR, QrCard, parse_qr
from readers.emrtd.access_key import MrzInformation
from readers.emrtd.lds.mrz import INDEFINITE, Mrz, check_digit, mrz_birth, parse_mrz
from readers.errors import IdNumberError, MrzError, MrzInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from readers.emrtd.access_key import AccessKey

AccessSource = QrCard | IdNumber | Mrz
MAX_KEYS: Final = 4
FIRST_CHOICES: Final = frozenset({"can", "mrz", "mrz-rule"})
"""Labels of the keys that open a card whose code and chip agree."""
_DOCUMENT_DIGITS: Final = 9
_MRZ_CHARACTERS: Final = 30
_VIETNAM: Final = "VNM"
_CAPITALS: Final = str.maketrans(ascii_lowercase, ascii_uppercase)
"""Only these 26: what Unicode makes capitals of besides them is no character of an MRZ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPlan:
    """The keys in the order to try them, and what each is, for the record: "can", "mrz" (typed), or of the QR code
    "mrz-rule", "mrz-next", "mrz-29feb", "mrz-indefinite"."""

    keys: tuple[AccessKey, ...] = field(repr=False)
    labels: tuple[str, ...]

    def label(self, index: int) -> str:
        """What the key at this 1-based place is; "" beyond the plan."""
        return self.labels[index - 1] if 1 <= index <= len(self.labels) else ""


def read_access(text: str | bytes) -> AccessSource:
    """What was scanned or typed: with `|` a QR payload, with `<` or of more than 29 characters an MRZ, else a number.

    Raises QrError, MrzInputError, IdNumberError. Who asked for one kind calls `parse_qr`, `read_mrz` or
    `parse_id_number`, which take nothing else."""
    decoded = _text(text)
    if SEPARATOR in decoded:
        return parse_qr(text)
    if "<" in decoded or len("".join(decoded.split())) >= _MRZ_CHARACTERS:
        return read_mrz(text)
    return parse_id_number(decoded)


def read_mrz(text: str | bytes) -> Mrz:
    """The MRZ as typed or scanned, on two or three lines or joined; blanks and line ends are dropped and a to z read
    as capitals, nothing else.

    Raises MrzInputError: fact `field` names the part at fault, `reason` "letter-o" an O where a zero belongs."""
    lines = "".join(_text(text).split()).translate(_CAPITALS)
    try:
        return parse_mrz(lines)
    except MrzError as error:
        raise MrzInputError(**error.facts) from None


def _text(text: str | bytes) -> str:
    decoded = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
    return decoded.removeprefix("\ufeff").strip("\0")


def number_of(source: AccessSource) -> IdNumber | None:
    """The 12-digit number that was scanned or typed; an MRZ has one in its optional data, or none."""
    if isinstance(source, Mrz):
        return _national_number(source)
    return source.id_number


def _national_number(mrz: Mrz) -> IdNumber | None:
    if mrz.issuing_state != _VIETNAM:
        return None
    try:
        return parse_id_number(mrz.optional[:DIGITS])
    except IdNumberError:
        return None


def plan_for(source: AccessSource) -> AccessPlan:
    """The keys for this card: a number gives its CAN; an MRZ itself, then the CAN of the number in it; a QR code
    the CAN, then MRZ candidates."""
    found: list[tuple[str, AccessKey]] = []
    if isinstance(source, Mrz):
        found.append(("mrz", MrzInformation(source.information)))
        number = _national_number(source)
        found += [] if number is None or source.format != "TD1" else [("can", number.can)]
    elif isinstance(source, QrCard):
        found.append(("can", source.can))
        found += _candidates(source)
    else:
        found.append(("can", source.can))
    distinct: dict[AccessKey, str] = {}
    for label, key in found:
        distinct.setdefault(key, label)
    return AccessPlan(keys=tuple(distinct)[:MAX_KEYS], labels=tuple(distinct.values())[:MAX_KEYS])


def _candidates(card: QrCard) -> Iterator[tuple[str, AccessKey]]:
    """MRZ keys by the expiry rule; none when the code lacks a birth year or a whole date of issue."""
    issued = None if card.issued is None else card.issued.full
    if card.birth is None or issued is None:
        return
    number = card.id_number.value[-_DOCUMENT_DIGITS:]
    birth = mrz_birth(card.birth)
    for label, expires in expiry_rule.labelled_candidates(card.birth.earliest, issued):
        yield f"mrz-{label}", MrzInformation(_information(number, birth, expires))


def _information(number: str, birth: str, expires: date | None) -> str:
    expiry = INDEFINITE if expires is None else f"{expires:%y%m%d}"
    return "".join(part + check_digit(part) for part in (number, birth, expiry))
