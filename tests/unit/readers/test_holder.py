"""Who the holder is: DG1 first, DG13 and DG11 for what DG1 cannot say."""

from dataclasses import replace

import pytest

from readers.emrtd.dates import PartialDate
from readers.emrtd.holder import id_number, parse_holder
from readers.emrtd.lds.dg11 import PersonalDetails
from readers.emrtd.lds.dg13 import NationalDetails
from readers.emrtd.lds.mrz import parse_mrz
from tests.support.readers_vectors import vectors

CARD = parse_mrz("IDVNM0990000017001099000001<<89901155M2401151VNM<<<<<<<<<<<2NGUYEN<<VAN<MAU<<<<<<<<<<<<<<<")
FOREIGN = parse_mrz("".join(vectors("mrz")["mrz"]["td3"][line] for line in ("line_1", "line_2")))
PASSPORT = replace(
    FOREIGN, issuing_state="VNM", optional="001099000001", birth=PartialDate(year=1999, month=1, day=15)
)
OTHER = "001099000002"


def national(**values):
    return NationalDetails(fields={}, warnings=(), **values)


def test_the_number_of_the_card_and_of_the_passport_is_in_the_optional_data():
    assert id_number(CARD) == id_number(PASSPORT) == "001099000001"
    assert parse_holder(PASSPORT).document_number == "L898902C3"


def test_the_number_is_taken_from_where_it_is_first():
    bare = replace(PASSPORT, optional="")
    told = national(id_number="001099000001")
    personal = PersonalDetails(personal_number=OTHER)
    assert parse_holder(PASSPORT, national(id_number=OTHER)).id_number == "001099000001"
    assert parse_holder(bare, told, personal).id_number == "001099000001"
    assert parse_holder(bare, None, personal).id_number == OTHER
    assert parse_holder(bare, national(id_number="12345678901a"), None).id_number == "L898902C3"


def test_a_foreign_document_has_no_such_number():
    assert id_number(replace(FOREIGN, optional="001099000001")) == ""
    holder = parse_holder(FOREIGN, None, PersonalDetails(personal_number="001099000001"))
    assert holder.id_number == holder.document_number == "L898902C3"


def test_the_name_with_diacritics():
    personal = PersonalDetails(full_name="NGUYỄN VĂN MẪU")
    assert parse_holder(CARD).display_name == "NGUYEN VAN MAU"
    assert parse_holder(CARD, None, personal).display_name == "NGUYỄN VĂN MẪU"
    assert parse_holder(CARD, national(full_name="Nguyễn Văn Mẫu"), personal).full_name == "Nguyễn Văn Mẫu"


def test_a_name_that_had_to_be_repaired_is_not_shown_as_the_holders():
    spoilt = national(full_name="Mẫu\\u202e", repaired=("full-name",))
    assert parse_holder(CARD, spoilt).full_name is None
    assert (
        parse_holder(CARD, spoilt, PersonalDetails(full_name="NGUYỄN VĂN MẪU")).full_name == "NGUYỄN VĂN MẪU"
    )
    also = PersonalDetails(full_name="Mẫu\\u202e", repaired=("full-name",))
    assert parse_holder(CARD, spoilt, also).full_name is None
    assert parse_holder(CARD, national(full_name="Mẫu", repaired=("marks",))).full_name == "Mẫu"


@pytest.mark.parametrize(
    ("number", "told", "personal", "year"),
    [
        ("001225000001", None, None, 2025),
        ("001025000001", None, None, 1925),
        ("001099000001", None, None, 2025),
        ("", PartialDate(year=1925), None, 1925),
        ("", PartialDate(year=1926), PartialDate(year=1925, month=1, day=15), 1925),
        ("", None, None, 2025),
        ("001225000001", PartialDate(year=1925), PartialDate(year=1925), 2025),
    ],
)
def test_the_century_of_the_birth(number, told, personal, year):
    mrz = replace(PASSPORT, optional=number, birth=PartialDate(year=2025, month=1, day=15))
    holder = parse_holder(mrz, national(birth=told), PersonalDetails(birth=personal))
    assert holder.birth == PartialDate(year=year, month=1, day=15)


def test_29_february_of_a_year_that_has_none():
    mrz = replace(PASSPORT, optional="001000000001", birth=PartialDate(year=2000, month=2, day=29))
    assert parse_holder(mrz).birth.year == 2000
    assert parse_holder(replace(mrz, optional="001200000001")).birth.year == 2000


def test_a_year_only_birth_keeps_its_unknown_parts():
    mrz = replace(CARD, birth=PartialDate(year=1999))
    assert parse_holder(mrz, national(birth=PartialDate(year=1999, month=1, day=15))).birth == PartialDate(
        year=1999
    )
