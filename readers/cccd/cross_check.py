"""Do the QR code, DG1, DG13, DG11 and the number itself tell the same story?

Only two findings are conclusive: what opened the chip is another person's, and the card has expired. All others are
warnings, each with its own code: sex and birth date can be corrected by law, and the QR code is not signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from readers.cccd import expiry as expiry_rule
from readers.cccd.access_plan import FIRST_CHOICES, number_of
from readers.cccd.id_number import parse_id_number
from readers.cccd.names import fold, same_name
from readers.cccd.qr import QrCard
from readers.emrtd.crypto import same
from readers.emrtd.evidence import Facts, freeze
from readers.emrtd.lds.mrz import Mrz, check_digit
from readers.errors import CardExpiredError, IdNumberError, QrMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from readers.cccd.access_plan import AccessSource
    from readers.cccd.id_number import IdNumber
    from readers.emrtd.dates import PartialDate
    from readers.emrtd.evidence import ConsistentChip, Holder, Portrait
    from readers.emrtd.lds.dg11 import PersonalDetails
    from readers.emrtd.lds.dg13 import NationalDetails

WARNINGS: Final = (
    "expiry-other-key",
    "access-key-refused",
    "qr-sex-differs",
    "qr-name-differs",
    "qr-old-number-differs",
    "qr-issue-date-differs",
    "mrz-name-differs",
    "mrz-sex-differs",
    "mrz-nationality-differs",
    "mrz-expiry-differs",
    "number-not-national",
    "number-sex-differs",
    "number-birth-differs",
    "dg1-document-number-differs",
    "dg1-number-digit",
    "dg1-nationality-differs",
    "dg13-unsafe-text",
    "dg13-number-differs",
    "dg13-name-differs",
    "dg13-sex-differs",
    "dg13-birth-differs",
    "dg13-nationality-differs",
    "dg13-expiry-differs",
    "dg11-number-differs",
    "dg11-name-differs",
    "dg11-birth-differs",
    "dg12-issue-date-differs",
    "birth-in-future",
    "issue-date-in-future",
    "expiry-other-threshold",
    "expiry-not-by-rule",
    "portrait-format-differs",
    "portrait-trailing-data",
)
"""Every code that the comparison itself can give; those of the QR payload come besides."""
_VIETNAM: Final = "VNM"
_VIETNAM_FOLDED: Final = frozenset({"VIET NAM", "VIETNAM"})
_PASSPORT: Final = "P"
_DOCUMENT_DIGITS: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The card agrees with itself; `warnings` are codes of what did not match, in the order checked."""

    warnings: tuple[str, ...]
    facts: Facts


def require_agreement(
    access: AccessSource | None,
    chip: ConsistentChip,
    today: date,
    *,
    opened_with: str = "",
    refused_keys: int = 0,
) -> Agreement:
    """Compare what opened the chip with what the chip says, and the chip with itself.

    `today`: the local day at the station. `opened_with`: label of the key that fitted (`AccessPlan.label`), "" when
    it is not known; `refused_keys`: how many keys the chip had refused before. Raises QrMismatchError (fact `field`; no
    number, no name), CardExpiredError."""
    holder = chip.holder
    if access is not None:
        _require_same_document(access, holder)
    if holder.expiry is not None and holder.expiry < today:
        raise CardExpiredError()
    qr = access if isinstance(access, QrCard) else None
    warnings = [
        *([] if not opened_with or opened_with in FIRST_CHOICES else ["expiry-other-key"]),
        *(["access-key-refused"] if refused_keys else []),
        *([] if qr is None else [*qr.warnings, *_qr_warnings(qr, holder, chip.national)]),
        *(_mrz_warnings(access, holder) if isinstance(access, Mrz) else []),
        *_number_warnings(holder, chip.mrz),
        *([] if chip.national is None else _national_warnings(chip.national, holder)),
        *([] if chip.personal is None else _personal_warnings(chip.personal, holder)),
        *_date_warnings(qr, chip, today),
        *_expiry_warnings(qr, chip.national, holder),
        *_portrait_warnings(chip.portrait),
    ]
    unique = tuple(dict.fromkeys(warnings))
    facts: dict[str, str | int] = {
        "compared_with": _kind(access),
        "warnings": " ".join(unique),
        "warning_count": len(unique),
    }
    return Agreement(
        warnings=unique, facts=freeze(facts | ({"opened_with": opened_with} if opened_with else {}))
    )


def _kind(access: AccessSource | None) -> str:
    if access is None:
        return "none"
    return "qr" if isinstance(access, QrCard) else "mrz" if isinstance(access, Mrz) else "number"


# --- what opened the chip ----------------------------------------------------------------------------------


def _require_same_document(access: AccessSource, holder: Holder) -> None:
    number = number_of(access)
    if number is not None and not same(number.value.encode(), holder.id_number.encode()):
        raise QrMismatchError(field="id-number")
    if isinstance(access, Mrz):
        _require_same_mrz(access, holder)
    elif isinstance(access, QrCard):
        _require_same_person(access, holder)


def _require_same_person(qr: QrCard, holder: Holder) -> None:
    """A QR code with the card's number and another name or birth date was not printed with this card."""
    if qr.full_name and not same_name(qr.full_name, holder.surname_given):
        raise QrMismatchError(field="name")
    if qr.birth is not None and not qr.birth.agrees_with(holder.birth):
        raise QrMismatchError(field="birth")


def _require_same_mrz(typed: Mrz, holder: Holder) -> None:
    """Number and birth of the typed MRZ are the chip's; the century of the birth is in no MRZ."""
    if not same(typed.document_number.encode(), holder.document_number.encode()):
        raise QrMismatchError(field="document-number")
    born, own = typed.birth, holder.birth
    if (born.year % 100, born.month, born.day) != (own.year % 100, own.month, own.day):
        raise QrMismatchError(field="birth")


def _qr_warnings(qr: QrCard, holder: Holder, national: NationalDetails | None) -> Iterator[str]:
    if qr.sex and qr.sex != holder.sex:
        yield "qr-sex-differs"
    if national is None:
        return
    if qr.full_name and national.full_name and qr.full_name.casefold() != national.full_name.casefold():
        yield "qr-name-differs"
    if qr.old_number and national.old_number and qr.old_number != national.old_number:
        yield "qr-old-number-differs"
    if _differ(qr.issued, national.issued):
        yield "qr-issue-date-differs"


def _mrz_warnings(typed: Mrz, holder: Holder) -> Iterator[str]:
    if fold(f"{typed.surname} {typed.given_names}") != fold(holder.surname_given):
        yield "mrz-name-differs"
    if typed.sex != holder.sex:
        yield "mrz-sex-differs"
    if typed.nationality != holder.nationality:
        yield "mrz-nationality-differs"
    if typed.expiry != holder.expiry:
        yield "mrz-expiry-differs"


# --- the chip with itself ----------------------------------------------------------------------------------


def _is_passport(holder: Holder) -> bool:
    """A passport follows neither the structure of the 12-digit number nor the rule of expiry."""
    return holder.document_type.startswith(_PASSPORT)


def _number_warnings(holder: Holder, mrz: Mrz | None) -> Iterator[str]:
    if _is_passport(holder):
        return
    try:
        number = parse_id_number(holder.id_number)
    except IdNumberError:
        yield "number-not-national"
        return
    if number.sex != holder.sex:
        yield "number-sex-differs"
    if number.birth_year != holder.birth.year:
        yield "number-birth-differs"
    if holder.issuing_state == _VIETNAM:
        yield from _first_line_warnings(number, holder, mrz)


def _first_line_warnings(number: IdNumber, holder: Holder, mrz: Mrz | None) -> Iterator[str]:
    """The card's first line: nine digits of the number as document number, the number, its own check digit."""
    if holder.document_number != number.value[-_DOCUMENT_DIGITS:]:
        yield "dg1-document-number-differs"
    printed = [] if mrz is None else mrz.optional.split(" ")
    if len(printed) == 2 and printed[1] != check_digit(printed[0]):
        yield "dg1-number-digit"
    if holder.nationality != _VIETNAM:
        yield "dg1-nationality-differs"


def _national_warnings(national: NationalDetails, holder: Holder) -> Iterator[str]:
    if national.repaired:
        yield "dg13-unsafe-text"
    if national.id_number and national.id_number != holder.id_number:
        yield "dg13-number-differs"
    if national.full_name and not same_name(national.full_name, holder.surname_given):
        yield "dg13-name-differs"
    if national.fields.get("sex", "").strip() and national.sex != holder.sex:
        yield "dg13-sex-differs"
    if _differ(national.birth, holder.birth):
        yield "dg13-birth-differs"
    told = fold(national.nationality)
    if told and (told in _VIETNAM_FOLDED) != (holder.nationality == _VIETNAM):
        yield "dg13-nationality-differs"
    if _other_expiry(national, holder.expiry):
        yield "dg13-expiry-differs"


def _other_expiry(national: NationalDetails, expiry: date | None) -> bool:
    """DG13 says another day, or a day where DG1 has none (991231), or "không thời hạn" where DG1 has one."""
    if national.indefinite:
        return expiry is not None
    return national.expiry is not None and national.expiry.full != expiry


def _personal_warnings(personal: PersonalDetails, holder: Holder) -> Iterator[str]:
    """DG11; names and numbers of other issuers follow rules of their own."""
    if _differ(personal.birth, holder.birth):
        yield "dg11-birth-differs"
    if holder.issuing_state != _VIETNAM:
        return
    if (
        len(personal.personal_number) == len(holder.id_number)
        and personal.personal_number != holder.id_number
    ):
        yield "dg11-number-differs"
    if fold(personal.full_name) and not same_name(personal.full_name, holder.surname_given):
        yield "dg11-name-differs"


def _date_warnings(qr: QrCard | None, chip: ConsistentChip, today: date) -> Iterator[str]:
    if chip.holder.birth.earliest > today:
        yield "birth-in-future"
    printed = None if qr is None else qr.issued
    national = None if chip.national is None else chip.national.issued
    document = None if chip.document is None else chip.document.issued
    if any(issued is not None and issued.earliest > today for issued in (printed, national, document)):
        yield "issue-date-in-future"
    if _differ(document, national):
        yield "dg12-issue-date-differs"


def _expiry_warnings(qr: QrCard | None, national: NationalDetails | None, holder: Holder) -> Iterator[str]:
    """The rule gives the expiry from birth and issue; another candidate, or none, is worth a look."""
    issue = (None if national is None else national.issued) or (None if qr is None else qr.issued)
    birth, issued = holder.birth.full, None if issue is None else issue.full
    if _is_passport(holder) or holder.issuing_state != _VIETNAM or birth is None or issued is None:
        return
    candidates = expiry_rule.labelled_candidates(birth, issued)
    by_rule = {candidates[0][1], *(day for label, day in candidates if label == "29feb")}
    if holder.expiry not in by_rule:
        is_candidate = any(day == holder.expiry for _, day in candidates)
        yield "expiry-other-threshold" if is_candidate else "expiry-not-by-rule"


def _portrait_warnings(portrait: Portrait) -> Iterator[str]:
    if portrait.declared not in ("unknown", portrait.format):
        yield "portrait-format-differs"
    if portrait.facts.get("trailing_octets", 0) != 0:
        yield "portrait-trailing-data"


def _differ(one: PartialDate | None, other: PartialDate | None) -> bool:
    """Whether both are known and disagree."""
    return one is not None and other is not None and not one.agrees_with(other)
