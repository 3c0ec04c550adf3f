"""Holder records: MRZ, QR payload, national details, holder files."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from readers.cccd.qr import parse_qr
from readers.emrtd.dates import PartialDate
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg13 import parse_dg13
from readers.errors import IdNumberError
from readers.softcard import lds_files
from readers.softcard.holder import HolderError, HolderRecord, load_holder, mrz_lines, qr_payload
from readers.softcard.options import CCCD
from readers.softcard.samples import sample_holder

if TYPE_CHECKING:
    from pathlib import Path

SPECIMEN = sample_holder("expired", today=date(2026, 11, 22))
FILE = """
id_number = "001099000001"
full_name = "NGUYỄN VĂN MẪU"
birth = 1999-01-15
sex = "Nam"
issued = 2021-06-01
"""


def holder(**changes) -> HolderRecord:
    values = {
        "id_number": "001099000001",
        "full_name": "Nguyễn Văn Mẫu",
        "birth": PartialDate(year=1999, month=1, day=15),
        "sex": "Nam",
        "issued": date(2021, 6, 1),
    }
    return HolderRecord(**{**values, **changes})


def test_mrz_of_the_known_specimen() -> None:
    assert mrz_lines(SPECIMEN) == (
        "IDVNM0990000017001099000001<<8",
        "9901155M2401151VNM<<<<<<<<<<<2",
        "NGUYEN<<VAN<MAU<<<<<<<<<<<<<<<",
    )


def test_qr_payload_of_the_known_specimen() -> None:
    assert qr_payload(SPECIMEN) == (
        "001099000001|012345678|Nguyễn Văn Mẫu|15011999|Nam|Số 1 Đường Mẫu, Phường Mẫu, Quận Thử, Hà Nội|01062021"
    )
    card = parse_qr(qr_payload(SPECIMEN))
    assert not card.warnings


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 11, 22), date(2027, 12, 31)])
def test_default_sample_is_issued_this_year_and_valid(today: date) -> None:
    made = sample_holder("mau", today=today)
    assert made.issued.year == today.year
    assert made.issued <= today
    assert made.expiry > today
    assert made.number.can.value == "000001"


@pytest.mark.parametrize(
    ("expires", "printed", "mrz"),
    [
        ("indefinite", "Không thời hạn", "991231"),
        (date(2030, 5, 4), "04/05/2030", "300504"),
        ("rule", "15/01/2024", "240115"),
    ],
)
def test_expiry(expires, printed: str, mrz: str) -> None:
    made = holder(expires=expires)
    assert mrz_lines(made)[1][8:14] == mrz
    assert parse_dg13(lds_files.encode_dg13(made)).fields["expiry"] == printed
    assert parse_dg1(lds_files.encode_dg1(made, CCCD)).expiry == made.expiry


def test_year_only_birth() -> None:
    made = holder(birth=PartialDate(year=1950), id_number="001050000001")
    assert mrz_lines(made)[1].startswith("50<<<<")
    assert qr_payload(made).split("|")[3] == "1950"
    assert parse_dg1(lds_files.encode_dg1(made, CCCD)).birth == PartialDate(year=1950)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Đỗ Thị Ánh", "DO<<THI<ANH<<<<<<<<<<<<<<<<<<<"),
        ("Y", "Y<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"),
        ("Công Tằng Tôn Nữ Hoàng Thị Ngọc Thanh Vân Anh", "CONG<<TANG<TON<NU<HOANG<THI<NG"),
    ],
)
def test_names_in_the_mrz(name: str, line: str) -> None:
    assert mrz_lines(holder(full_name=name))[2] == line


def test_national_details_have_sixteen_fields_and_no_warning() -> None:
    details = parse_dg13(lds_files.encode_dg13(SPECIMEN))
    assert details.warnings == ()
    assert details.fields["full-name"] == "Nguyễn Văn Mẫu"
    assert details.fields["father"] == "Nguyễn Văn Bố"
    assert details.fields["issued"] == "01/06/2021"


def test_residence_beyond_127_octets() -> None:
    long = "Số 1 Đường Mẫu, " * 25
    assert (
        parse_dg13(lds_files.encode_dg13(holder(residence=long.strip()))).fields["residence"] == long.strip()
    )


def test_holder_file(tmp_path: Path) -> None:
    path = tmp_path / "holder.toml"
    path.write_text(FILE, encoding="utf-8")
    made = load_holder(path)
    assert mrz_lines(made)[0] == mrz_lines(SPECIMEN)[0]
    path.write_text("\ufeff" + FILE + 'expires = "indefinite"\nold_number = "012345678"\n', encoding="utf-8")
    assert load_holder(path).expiry is None
    path.write_text(FILE.replace("1999-01-15", '"1950"'), encoding="utf-8")
    assert load_holder(path).birth == PartialDate(year=1950)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("sex = ", "gender = ", "sex"),
        ('"Nam"', '"x"', "sex"),
        ("2021-06-01", '"yesterday"', "issued"),
        ("1999-01-15", '"yesterday"', "birth"),
        ('"NGUYỄN VĂN MẪU"', '" "', "full_name"),
        ('"NGUYỄN VĂN MẪU"', "5", "full_name"),
        ("issued = 2021", "colour = 'red'\nissued = 2021", "colour"),
        ("id_number", "id number", "file"),
    ],
)
def test_broken_holder_files(tmp_path: Path, old: str, new: str, field: str) -> None:
    path = tmp_path / "holder.toml"
    path.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(HolderError) as caught:
        load_holder(path)
    assert caught.value.facts["field"] == field


def test_holder_file_with_a_wrong_number_or_none_at_all(tmp_path: Path) -> None:
    path = tmp_path / "holder.toml"
    path.write_text(FILE.replace("001099000001", "12345"), encoding="utf-8")
    with pytest.raises(IdNumberError):
        load_holder(path)
    with pytest.raises(HolderError):
        load_holder(tmp_path / "nothing.toml")


def test_nothing_of_the_holder_in_repr() -> None:
    shown = repr(SPECIMEN)
    assert "001099" not in shown
    assert "Mẫu" not in shown
    assert "1999" not in shown
