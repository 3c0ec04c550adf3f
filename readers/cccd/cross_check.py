"""Do the QR code, DG1, DG13 and the number itself tell the same story?

Only two findings are conclusive: the QR code (or typed number) is another person's, and the card has expired.
All others are warnings: sex and birth date can be corrected by law, and the QR code is not signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from readers.cccd import expiry as expiry_rule
from readers.cccd.id_number import IdNumber, parse_id_number
from readers.cccd.names import same_name
from readers.cccd.qr import QrCard
from readers.emrtd.crypto import same
from readers.emrtd.dates import parse_printed
from readers.emrtd.evidence import Facts, freeze
from readers.errors import CardExpiredError, IdNumberError, QrMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from readers.emrtd.dates import PartialDate
    from readers.emrtd.evidence import ConsistentChip, Holder

_SEXES: Final = {"nam": "M", "nữ": "F"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The card agrees with itself; `warnings` are codes of what did not match, in the order checked."""

    warnings: tuple[str, ...]
    facts: Facts


def require_agreement(access: QrCard | IdNumber | None, chip: ConsistentChip, today: date) -> Agreement:
    """Compare what opened the chip with what the chip says; `today` is the local day at the station.

    Raises QrMismatchError, CardExpiredError."""
    holder = chip.holder
    if access is not None:
        _require_same_number(access.id_number, holder)
    if holder.expiry is not None and holder.expiry < today:
        raise CardExpiredError()
    qr = access if isinstance(access, QrCard) else None
    if qr is not None:
        _require_same_person(qr, holder)
    warnings = [
        *([] if qr is None else qr.warnings),
        *([] if qr is None else _qr_warnings(qr, holder)),
        *_number_warnings(holder),
        *_detail_warnings(chip.details, holder),
        *_expiry_warnings(qr, chip.details, holder),
    ]
    unique = tuple(dict.fromkeys(warnings))
    source = "qr" if qr is not None else "number" if access is not None else "none"
    return Agreement(
        warnings=unique,
        facts=freeze({"compared_with": source, "warnings": " ".join(unique), "warning_count": len(unique)}),
    )


def _require_same_number(number: IdNumber, holder: Holder) -> None:
    if not same(number.value.encode(), holder.id_number.encode()):
        raise QrMismatchError(field="id-number")


def _require_same_person(qr: QrCard, holder: Holder) -> None:
    """A QR code with the card's number and another name or birth date was not printed with this card."""
    if qr.full_name and not same_name(qr.full_name, holder.surname_given):
        raise QrMismatchError(field="name")
    if qr.birth is not None and not qr.birth.agrees_with(holder.birth):
        raise QrMismatchError(field="birth")


def _qr_warnings(qr: QrCard, holder: Holder) -> Iterator[str]:
    if qr.sex and qr.sex != holder.sex:
        yield "qr-sex-differs"


def _number_warnings(holder: Holder) -> Iterator[str]:
    try:
        number = parse_id_number(holder.id_number)
    except IdNumberError:
        yield "number-not-national"
        return
    if number.sex != holder.sex:
        yield "number-sex-differs"
    if number.birth_year != holder.birth.year:
        yield "number-birth-differs"


def _detail_warnings(details: Mapping[str, str], holder: Holder) -> Iterator[str]:
    number, name, sex = details.get("id-number"), details.get("full-name"), details.get("sex")
    if number is not None and number != holder.id_number:
        yield "dg13-number-differs"
    if name is not None and not same_name(name, holder.surname_given):
        yield "dg13-name-differs"
    if sex is not None and _SEXES.get(sex.strip().casefold()) != holder.sex:
        yield "dg13-sex-differs"
    birth = _detail_date(details, "birth")
    if birth is not None and not birth.agrees_with(holder.birth):
        yield "dg13-birth-differs"
    expires = _detail_date(details, "expiry")
    if expires is not None and expires.full != holder.expiry:
        yield "dg13-expiry-differs"


def _expiry_warnings(qr: QrCard | None, details: Mapping[str, str], holder: Holder) -> Iterator[str]:
    """The rule gives the expiry from birth and issue; another candidate, or none, is worth a look."""
    issue = _detail_date(details, "issued") or (None if qr is None else qr.issued)
    birth, issued = holder.birth.full, None if issue is None else issue.full
    if birth is None or issued is None:
        return
    expected = expiry_rule.candidates(birth, issued)
    if holder.expiry == expected[0]:
        return
    yield "expiry-other-threshold" if holder.expiry in expected else "expiry-not-by-rule"


def _detail_date(details: Mapping[str, str], name: str) -> PartialDate | None:
    try:
        return parse_printed(details.get(name, "").strip())
    except ValueError:
        return None
