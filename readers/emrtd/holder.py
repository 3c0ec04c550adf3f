"""Who the card says its holder is: DG1, with the diacritics, the century and the number that DG13 or DG11 add."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from readers.emrtd.evidence import Holder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from readers.emrtd.dates import PartialDate
    from readers.emrtd.lds.dg11 import PersonalDetails
    from readers.emrtd.lds.dg13 import NationalDetails
    from readers.emrtd.lds.mrz import Mrz

VIETNAM: Final = "VNM"
ID_NUMBER_DIGITS: Final = 12


def parse_holder(
    mrz: Mrz, national: NationalDetails | None = None, personal: PersonalDetails | None = None
) -> Holder:
    """Join DG1 with the parsed DG13 and DG11, as far as they were read. Where they differ DG1 is believed; that they
    differ is for the cross-checks to say."""
    number = id_number(mrz, national, personal)
    return Holder(
        id_number=number or mrz.document_number,
        surname_given=f"{mrz.surname} {mrz.given_names}".strip(),
        full_name=_full_name(national, personal),
        birth=_birth(mrz, number, national, personal),
        sex=mrz.sex,
        expiry=mrz.expiry,
        nationality=mrz.nationality,
        document_type=mrz.document_code,
        document_number=mrz.document_number,
        issuing_state=mrz.issuing_state,
    )


def id_number(
    mrz: Mrz, national: NationalDetails | None = None, personal: PersonalDetails | None = None
) -> str:
    """The 12-digit number of a Vietnamese document, "" when there is none.

    The card has it in the optional data of line 1, the passport in that of line 2; else DG13, else DG11 tells it."""
    if mrz.issuing_state != VIETNAM:
        return ""
    told = [
        mrz.optional[:ID_NUMBER_DIGITS],
        "" if national is None else national.id_number,
        "" if personal is None else personal.personal_number,
    ]
    return next((number for number in told if _is_number(number)), "")


def _is_number(text: str) -> bool:
    return len(text) == ID_NUMBER_DIGITS and text.isascii() and text.isdigit()


def _full_name(national: NationalDetails | None, personal: PersonalDetails | None) -> str | None:
    """The name as it is written, DG13's before DG11's; none that had to be repaired to be shown."""
    if national is not None and national.full_name and "full-name" not in national.repaired:
        return national.full_name
    if personal is not None and personal.full_name and "full-name" not in personal.repaired:
        return personal.full_name
    return None


def _birth(
    mrz: Mrz, number: str, national: NationalDetails | None, personal: PersonalDetails | None
) -> PartialDate:
    """The birth date in its century: the MRZ has two digits of the year. A year that does not end in them tells
    nothing."""
    for year in _birth_years(number, national, personal):
        if year % 100 == mrz.birth.year % 100:
            try:
                return replace(mrz.birth, year=year)
            except ValueError:  # 29 February of a year that has none
                continue
    return mrz.birth


def _birth_years(
    number: str, national: NationalDetails | None, personal: PersonalDetails | None
) -> Iterator[int]:
    """What else tells a whole year: the fourth digit of the number, DG13, DG11."""
    if number:
        yield 1900 + 100 * (int(number[3]) // 2) + int(number[4:6])
    for details in (national, personal):
        if details is not None and details.birth is not None:
            yield details.birth.year
