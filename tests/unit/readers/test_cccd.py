"""The number, the QR payload and the expiry rule of the Vietnamese card."""

import unicodedata
from datetime import date

import pytest

from readers.cccd import expiry
from readers.cccd.access_plan import read_access
from readers.cccd.id_number import IdNumber, parse_id_number
from readers.cccd.names import fold, same_name
from readers.cccd.qr import QrCard, parse_qr
from readers.emrtd.dates import PartialDate, parse_printed
from readers.errors import IdNumberError, MrzInputError, QrError

QR7 = (
    "001099000001|012345678|Nguyễn Văn Mẫu|15011999|Nam|Số 1 Đường Mẫu, Phường Mẫu, Quận Thử, Hà Nội|01062021"
)
QR11 = QR7 + "||||"


def test_number():
    number = parse_id_number(" 001099000001\r\n")
    assert (number.can.value, number.sex, number.birth_year) == ("000001", "M", 1999)
    assert number.masked == str(number) == "001•••••0001"
    assert parse_id_number("001199012345").sex == "F"
    assert parse_id_number("001305012345").birth_year == 2005
    assert parse_id_number("\ufeff001299000001").birth_year == 2099
    assert number.id_number is number


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("", {"reason": "length", "length": 0}),
        ("00109900000", {"reason": "length", "length": 11}),
        ("0010990000011", {"reason": "length", "length": 13}),
        ("00109900000l", {"reason": "not-a-digit", "position": 12}),
        ("001 099 000 001", {"reason": "not-a-digit", "position": 4}),
        ("٠٠١٠٩٩٠٠٠٠٠١", {"reason": "not-a-digit", "position": 1}),
        ("１２３４５６７８９０１２", {"reason": "not-a-digit", "position": 1}),
        ("9" * 5000, {"reason": "length", "length": 5000}),
    ],
)
def test_what_is_no_number(text, facts):
    with pytest.raises(IdNumberError) as caught:
        parse_id_number(text)
    assert caught.value.facts == facts


def test_number_hides_everywhere():
    number = parse_id_number("001099000001")
    for shown in (repr(number), str(number), f"{number}", repr(number.can)):
        assert "099000001" not in shown


def test_qr_of_the_2021_card():
    card = parse_qr(QR7)
    assert card.id_number == IdNumber("001099000001")
    assert card.can.value == "000001"
    assert (card.old_number, card.full_name, card.sex) == ("012345678", "Nguyễn Văn Mẫu", "M")
    assert card.birth == PartialDate(year=1999, month=1, day=15)
    assert card.issued == PartialDate(year=2021, month=6, day=1)
    assert card.address.startswith("Số 1")
    assert (card.extra, card.warnings) == ((), ())


@pytest.mark.parametrize(
    ("payload", "warnings"),
    [
        (QR11, ()),
        (QR7 + "\r\n", ()),
        ("\ufeff" + QR7, ()),
        (unicodedata.normalize("NFD", QR7), ()),
        (QR7.encode(), ()),
        (QR7.rpartition("|")[0], ("qr-field-count",)),
        (QR7 + "|" * 8, ("qr-field-count",)),
        (QR7.replace("012345678", ""), ()),
        (QR7.replace("15011999", "1999"), ()),
        (QR7.replace("15011999", "00001999"), ()),
        (QR7.replace("15011999", "31021999"), ("qr-odd-birth",)),
        (QR7.replace("Nam", "Khác"), ("qr-odd-sex",)),
        (QR7.replace("01062021", "x"), ("qr-odd-issue-date",)),
        (QR7.replace("Nguyễn Văn Mẫu", ""), ("qr-no-name",)),
        (QR7.replace("Nguyễn Văn Mẫu", "=HYPERLINK(1)"), ()),
        (QR7.replace("Nam", "Nữ"), ()),
    ],
)
def test_tolerated_payloads(payload, warnings):
    card = parse_qr(payload)
    assert card.warnings == warnings
    assert card.id_number.value == "001099000001"
    assert unicodedata.is_normalized("NFC", card.full_name)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ("", "payload"),
        ("|" * 4, "payload"),
        (QR7 + "|" * 9, "payload"),
        (QR7 + "x" * 5000, "payload"),
        (b"\xff" + QR7.encode(), "payload"),
        (QR7.replace("Mẫu|", "Mẫu\x1b|"), "field-3"),
        (QR7.replace("Mẫu|", "Mẫu\u202e|"), "field-3"),
        (QR7.replace("001099000001", "00109900000"), "id-number"),
        (QR7.replace("001099000001", "A01099000001"), "id-number"),
    ],
)
def test_refused_payloads(payload, field):
    with pytest.raises(QrError) as caught:
        parse_qr(payload)
    assert caught.value.facts["field"] == field
    assert "099" not in str(caught.value) + repr(caught.value)


def test_one_entry_point():
    assert isinstance(read_access(QR11), QrCard)
    assert isinstance(read_access("001099000001\n"), IdNumber)
    for broken, error in (
        ("12345", IdNumberError),
        ("1|2", QrError),
        ("9" * 4097, MrzInputError),
        (QR7 + "9" * 4097, QrError),
        (b"\xff|", QrError),
        (b"\xff", IdNumberError),
    ):
        with pytest.raises(error):
            read_access(broken)


def test_payload_hides_in_repr():
    shown = repr(parse_qr(QR7))
    for secret in ("001099", "012345678", "Nguyễn", "1999", "2021", "Đường", "'M'"):
        assert secret not in shown


def test_printed_dates():
    assert parse_printed("15/01/1999") == PartialDate(year=1999, month=1, day=15)
    assert parse_printed("1950") == PartialDate(year=1950)
    assert parse_printed("03/1999") == parse_printed("031999") == PartialDate(year=1999, month=3)
    assert parse_printed("00/00/1950") == PartialDate(year=1950)
    for broken in ("", "1/1/1999", "19990115x", "không", "00000000", "١٩٩٩", "15/011999x", "31/02/1999"):
        with pytest.raises(ValueError, match=r".+"):
            parse_printed(broken)


BORN = date(1999, 1, 15)


@pytest.mark.parametrize(
    ("birth", "issued", "expected"),
    [
        (BORN, date(2010, 1, 14), date(2013, 1, 15)),
        (BORN, date(2021, 6, 1), date(2024, 1, 15)),
        (BORN, date(2022, 1, 14), date(2024, 1, 15)),
        (BORN, date(2022, 1, 15), date(2039, 1, 15)),
        (BORN, date(2036, 1, 1), date(2039, 1, 15)),
        (BORN, date(2037, 1, 15), date(2059, 1, 15)),
        (BORN, date(2057, 1, 15), None),
        (date(2020, 5, 1), date(2026, 5, 1), date(2034, 5, 1)),
        (date(2000, 2, 29), date(2022, 1, 1), date(2025, 2, 28)),
    ],
)
def test_expiry_rule(birth, issued, expected):
    assert expiry.expiry_by_rule(birth, issued) == expected


def test_expiry_candidates():
    assert expiry.candidates(BORN, date(2021, 6, 1)) == (date(2024, 1, 15), date(2039, 1, 15), None)
    assert expiry.candidates(BORN, date(2058, 1, 1)) == (None,)
    leap = expiry.candidates(date(2000, 2, 29), date(2022, 1, 1))
    assert leap == (date(2025, 2, 28), date(2025, 3, 1), date(2040, 2, 29), None)
    leap_year = expiry.candidates(date(2000, 2, 29), date(2030, 1, 1))
    assert leap_year == (date(2040, 2, 29), date(2060, 2, 29), None)


def test_folding_names():
    assert fold("Đặng Thị  Ngọc-Ánh") == "DANG THI NGOC ANH"
    assert fold(unicodedata.normalize("NFD", "Nguyễn Văn Mẫu")) == "NGUYEN VAN MAU"
    assert same_name("Nguyễn Văn Mẫu", "NGUYEN VAN MAU")
    assert not same_name("Nguyễn Văn Mẫu", "NGUYEN VAN MAI")
    long = "Công Tằng Tôn Nữ Hoàng Thị Mẫu Đơn"
    assert same_name(long, fold(long)[:29])
    assert same_name(long, "CONG TANG TON NU HOANG T MAU D")
    assert same_name(long, "CONG TANG TON NU HOANG THI MAU")
    assert not same_name(long, "CONG TANG TON NU HOANG THI MAI D")
    assert not same_name(long, fold(long)[:12])
    assert not same_name(fold(long)[:29], long)


def test_apostrophes_of_names_are_left_out_or_become_fillers():
    for name in ("H'Hen Niê", "H’Hen Niê", "Hʼhen Niê"):
        assert same_name(name, "HHEN NIE")
        assert same_name(name, "H HEN NIE")
    assert not same_name("H'Hen Niê", "HEN NIE")
    assert not same_name("Nguyễn Văn Mẫu", "NGUYEN VAN")
