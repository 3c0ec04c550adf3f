"""DG13 is walked tolerantly: what can be shown is shown safely, the rest are warnings."""

import unicodedata

import pytest

from readers.emrtd.dates import PartialDate
from readers.emrtd.lds.dg13 import escape, parse_dg13
from readers.errors import TlvError
from readers.iso7816 import der, tlv

UTF8, PRINTABLE = 0x0C, 0x13
BASE = {
    1: tlv.encode(PRINTABLE, b"001099000001"),
    2: tlv.encode(UTF8, "Nguyễn Văn Mẫu".encode()),
    3: tlv.encode(PRINTABLE, b"15/01/1999"),
    4: tlv.encode(UTF8, b"Nam"),
}


def dg13(fields, *, order=None, extra=b""):
    entries = [tlv.encode(0x30, der.encode_integer(number), fields[number]) for number in order or fields]
    oid = tlv.encode(6, der.encode_oid("1.0.10646.1.0.8"))
    return tlv.encode(0x6D, tlv.encode(0x30, der.encode_integer(1), oid, tlv.encode(0x31, *entries, extra)))


def test_fields_in_any_order():
    details = parse_dg13(dg13(BASE, order=(4, 2, 1, 3)))
    assert details.fields == {
        "id-number": "001099000001",
        "full-name": "Nguyễn Văn Mẫu",
        "birth": "15/01/1999",
        "sex": "Nam",
    }
    assert details.warnings == ()


def utf8(text):
    return tlv.encode(UTF8, text.encode())


ALL = {
    **BASE,
    5: utf8("Việt Nam"),
    6: utf8("Kinh"),
    7: utf8("Không"),
    8: utf8("Hà Nội"),
    9: utf8("Số 1 Đường Mẫu"),
    10: utf8("Không có"),
    11: tlv.encode(PRINTABLE, b"01/06/2021"),
    12: utf8("15/01/2024"),
    13: tlv.encode(0x30, utf8("Nguyễn Văn Bố")) + tlv.encode(0x30, utf8("Trần Thị Mẹ")),
    14: utf8("Lê Thị Vợ"),
    15: tlv.encode(PRINTABLE, b"012345678"),
    16: tlv.encode(PRINTABLE, b"0123456789ABCDEF"),
}


def test_sixteen_fields_with_their_types():
    octets = dg13(ALL)
    details = parse_dg13(octets)
    assert (details.id_number, details.full_name, details.sex) == ("001099000001", "Nguyễn Văn Mẫu", "M")
    assert details.birth == PartialDate(year=1999, month=1, day=15)
    assert (details.nationality, details.ethnicity, details.religion) == ("Việt Nam", "Kinh", "Không")
    assert (details.hometown, details.residence, details.marks) == ("Hà Nội", "Số 1 Đường Mẫu", "Không có")
    assert details.issued == PartialDate(year=2021, month=6, day=1)
    assert (details.expiry, details.indefinite) == (PartialDate(year=2024, month=1, day=15), False)
    assert (details.father, details.mother, details.spouse) == ("Nguyễn Văn Bố", "Trần Thị Mẹ", "Lê Thị Vợ")
    assert (details.old_number, details.code_16) == ("012345678", "0123456789ABCDEF")
    assert (details.warnings, details.repaired, details.raw) == ((), (), octets)
    assert len(details.fields) == 17


@pytest.mark.parametrize(
    ("said", "expiry", "indefinite", "warnings"),
    [
        ("Không thời hạn", None, True, ()),
        ("KHÔNG THỜI HẠN", None, True, ()),
        (unicodedata.normalize("NFD", "Không thời hạn"), None, True, ()),
        ("15/01/2039", PartialDate(year=2039, month=1, day=15), False, ()),
        ("", None, False, ()),
        ("31/02/2039", None, False, ("dg13-odd-expiry",)),
        ("ngày mai", None, False, ("dg13-odd-expiry",)),
    ],
)
def test_expiry_is_a_date_or_said_to_be_indefinite(said, expiry, indefinite, warnings):
    details = parse_dg13(dg13({**BASE, 12: utf8(said)}))
    assert (details.expiry, details.indefinite, details.warnings) == (expiry, indefinite, warnings)


@pytest.mark.parametrize(
    ("printed", "birth"), [("1950", PartialDate(year=1950)), ("00/00/1950", PartialDate(year=1950))]
)
def test_a_year_only_birth(printed, birth):
    assert parse_dg13(dg13({**BASE, 3: tlv.encode(PRINTABLE, printed.encode())})).birth == birth


def test_odd_dates_and_sexes_warn_and_cost_only_themselves():
    details = parse_dg13(dg13({**ALL, 3: utf8("32/01/1999"), 4: utf8("X"), 11: utf8("?")}))
    assert (details.birth, details.sex, details.issued) == (None, "", None)
    assert details.warnings == ("dg13-odd-birth", "dg13-odd-issued", "dg13-odd-sex")
    assert details.full_name == "Nguyễn Văn Mẫu"


@pytest.mark.parametrize(
    "value",
    [
        tlv.encode(0x30, utf8("Lê Thị Vợ")),
        tlv.encode(0x1E, "Lê Thị Vợ".encode("utf-16-be")),
        tlv.encode(0x1C, "Lê Thị Vợ".encode("utf-32-be")),
    ],
)
def test_a_spouse_in_other_wrappings_and_string_types(value):
    assert parse_dg13(dg13({**BASE, 14: value})).spouse == "Lê Thị Vợ"


@pytest.mark.parametrize("value", [b"", b"\x0c\x00", b"\x30\x00", b"\x05\x00"])
def test_an_empty_spouse(value):
    details = parse_dg13(dg13({**BASE, 14: value}))
    assert (details.spouse, details.warnings) == ("", ())


@pytest.mark.parametrize("value", [b"\x04\x01x", b"\x02\x01\x05", b"\x80\x01x"])
def test_a_value_that_is_no_text(value):
    assert parse_dg13(dg13({**BASE, 16: value})).warnings == ("dg13-odd-code-16",)


def test_an_absent_father_does_not_make_the_mother_the_father():
    mother = tlv.encode(0x30, utf8("Trần Thị Mẹ"))
    for empty in (b"\x30\x00", tlv.encode(0x30, b"\x0c\x00")):
        details = parse_dg13(dg13({**BASE, 13: empty + mother}))
        assert (details.father, details.mother) == ("", "Trần Thị Mẹ")


def test_parents_in_one_sequence_more_and_as_bare_texts():
    father, mother = utf8("Nguyễn Văn Bố"), utf8("Trần Thị Mẹ")
    wrapped = tlv.encode(0x30, tlv.encode(0x30, father), tlv.encode(0x30, mother))
    for value in (wrapped, father + mother):
        details = parse_dg13(dg13({**BASE, 13: value}))
        assert (details.father, details.mother) == ("Nguyễn Văn Bố", "Trần Thị Mẹ")
    assert parse_dg13(dg13({**BASE, 13: tlv.encode(0x30, father)})).mother == ""


def test_what_is_broken_inside_a_field_costs_that_field_alone():
    details = parse_dg13(dg13({**ALL, 13: b"\x30\x05\x0c\x09abc", 14: b"\x0c\x09abc"}))
    assert set(details.warnings) == {"dg13-odd-parents", "dg13-odd-field"}
    assert (details.father, details.spouse, details.code_16) == ("", "", "0123456789ABCDEF")


def test_long_residence_expiry_text_and_empty_spouse():
    residence = "Số 1 Đường Mẫu, " * 25
    details = parse_dg13(
        dg13(
            {
                **BASE,
                9: tlv.encode(UTF8, residence.encode()),
                12: tlv.encode(UTF8, "Không thời hạn".encode()),
                14: b"",
            }
        )
    )
    assert details.fields["residence"] == residence
    assert details.fields["expiry"] == "Không thời hạn"
    assert "spouse" not in details.fields
    assert details.warnings == ()


def test_parents():
    father, mother = (tlv.encode(0x30, tlv.encode(UTF8, name.encode())) for name in ("Cha Mẫu", "Mẹ Mẫu"))
    details = parse_dg13(dg13({**BASE, 13: father + mother}))
    assert (details.fields["father"], details.fields["mother"]) == ("Cha Mẫu", "Mẹ Mẫu")
    third = parse_dg13(dg13({**BASE, 13: father + mother + father}))
    assert third.warnings == ("dg13-odd-parents",)


def test_decomposed_text_is_composed():
    details = parse_dg13(dg13({**BASE, 2: tlv.encode(UTF8, unicodedata.normalize("NFD", "Mẫu").encode())}))
    assert details.fields["full-name"] == "Mẫu"


def test_missing_unknown_repeated_and_odd_fields():
    repeated = tlv.encode(0x30, der.encode_integer(4), tlv.encode(UTF8, "Nữ".encode()))
    odd = tlv.encode(0x30, tlv.encode(UTF8, b"x")) + tlv.encode(0x04, b"x")
    fields = {key: value for key, value in BASE.items() if key != 3}
    details = parse_dg13(dg13({**fields, 77: b"", 6: b"\x05\x00"}, extra=repeated + odd))
    assert details.fields["sex"] == "Nam"
    assert set(details.warnings) == {
        "dg13-missing-birth",
        "dg13-unknown-field",
        "dg13-repeated-sex",
        "dg13-odd-field",
    }


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b"M\xe1u", "M\\xe1u"),
        ("Mẫu\u202egnp".encode(), "Mẫu\\u202egnp"),
        (b"M\x00u", "M\\u0000u"),
        (b"M\nu", "M\\u000au"),
    ],
)
def test_unsafe_text_is_escaped(octets, shown):
    details = parse_dg13(dg13({**BASE, 2: tlv.encode(UTF8, octets)}))
    assert details.fields["full-name"] == shown
    assert details.repaired == ("full-name",)
    assert details.warnings == ("dg13-unreadable-full-name",)


@pytest.mark.parametrize(
    "octets", [b"", b"\x6d\x00", tlv.encode(0x6D, tlv.encode(0x30)), b"\x6d\x03\x31\x05\x00"]
)
def test_nothing_to_walk(octets):
    with pytest.raises(TlvError):
        parse_dg13(octets)


def test_a_bare_set_is_walked_too():
    entry = tlv.encode(0x30, der.encode_integer(1), BASE[1])
    assert parse_dg13(tlv.encode(0x6D, tlv.encode(0x31, entry))).fields == {"id-number": "001099000001"}


def test_nothing_of_a_person_in_repr_or_warnings():
    details = parse_dg13(dg13({**BASE, 2: tlv.encode(UTF8, b"M\xe1u")}))
    assert "001099000001" not in repr(details)
    assert "M\\xe1u" not in repr(details)


def test_escape_keeps_vietnamese():
    assert escape("Nguyễn Thị Đẫu") == "Nguyễn Thị Đẫu"
