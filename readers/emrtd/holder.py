"""Who the card says its holder is: DG1, with the diacritics and the century that DG13 or the number adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd.dates import PartialDate
from readers.emrtd.evidence import Holder
from readers.emrtd.lds.dg1 import parse_dg1

if TYPE_CHECKING:
    from readers.emrtd.lds.dg13 import NationalDetails
    from readers.emrtd.lds.mrz import Mrz

VIETNAM: Final = "VNM"
ID_NUMBER_DIGITS: Final = 12


def parse_holder(dg1: bytes, details: NationalDetails | None = None) -> Holder:
    """Build the holder from EF.DG1 and, where it was read, the parsed DG13. Raises TlvError, MrzError."""
    mrz = parse_dg1(dg1)
    number = id_number(mrz)
    return Holder(
        id_number=number,
        surname_given=f"{mrz.surname} {mrz.given_names}".strip(),
        full_name=_full_name(details),
        birth=_birth(mrz, number),
        sex=mrz.sex,
        expiry=mrz.expiry,
        nationality=mrz.nationality,
        document_type=mrz.document_code,
        document_number=mrz.document_number,
        issuing_state=mrz.issuing_state,
    )


def id_number(mrz: Mrz) -> str:
    """The 12-digit number of a Vietnamese card (in the optional data of its first line), else the document
    number."""
    candidate = mrz.optional[:ID_NUMBER_DIGITS]
    if mrz.issuing_state == VIETNAM and len(candidate) == ID_NUMBER_DIGITS and candidate.isdigit():
        return candidate
    return mrz.document_number


def _full_name(details: NationalDetails | None) -> str | None:
    if details is None or "full-name" in details.repaired:
        return None
    return details.fields.get("full-name", "").strip() or None


def _birth(mrz: Mrz, number: str) -> PartialDate:
    """The MRZ's date, its century by the fourth digit of a Vietnamese number whose year digits agree."""
    is_national = number != mrz.document_number
    if not is_national or int(number[4:6]) != mrz.birth.year % 100:
        return mrz.birth
    century = 1900 + 100 * (int(number[3]) // 2)
    try:
        return PartialDate(year=century + mrz.birth.year % 100, month=mrz.birth.month, day=mrz.birth.day)
    except ValueError:
        return mrz.birth
