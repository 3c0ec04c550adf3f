"""Photos, suggestions, what a number says of itself."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.texts import load_texts
from sessions.errors import RosterPhotosError
from sessions.roster.model import ERASED, PartialDate, Seat
from sessions.roster.photos import MAX_PHOTO, match_photos, read_photos
from sessions.roster.structure import number_warnings, province_of, provinces
from sessions.roster.suggest import suggestions

JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
MAU = Seat(
    row=2,
    sbd="001",
    full_name="NGUYỄN VĂN MẪU",
    birth=PartialDate(year=1999, month=1, day=15),
    id_number="001099000001",
    old_number="012345678",
)
HOA = Seat(
    row=3,
    sbd="002",
    full_name="Trần Thị Hoà",
    birth=PartialDate(year=2001, month=3, day=8),
    id_number="001301000002",
)
OLD = Seat(
    row=4,
    sbd="TS-3",
    full_name="Lê Văn Mẫu",
    birth=PartialDate(year=1980),
    id_number="",
    old_number="123456789",
)
SEATS = (MAU, HOA, OLD, ERASED)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "001099000001.jpg",
        "SBD 2.jpg",
        "123456789_le van mau.jpg",
        "la ai.jpg",
        "009.jpg",
        "Thumbs.db",
    ):
        (tmp_path / name).write_bytes(JPEG + name.encode())
    (tmp_path / "002.txt").write_bytes(b"no picture")
    return tmp_path


def test_photos_are_matched_by_number_old_number_and_sbd(folder: Path) -> None:
    report = match_photos(SEATS[:3], read_photos(folder))
    assert {sbd: photo.name for sbd, photo in report.matched} == {
        "001": "001099000001.jpg",
        "002": "SBD 2.jpg",
        "TS-3": "123456789_le van mau.jpg",
    }
    first = dict(report.matched)["001"]
    assert first.sha256 == hashlib.sha256((folder / "001099000001.jpg").read_bytes()).hexdigest()
    assert sorted(report.unmatched) == ["009.jpg", "la ai.jpg"]
    assert report.refused == (("002.txt", "photo-no-picture"),)
    assert report.without == ()
    assert "mau" not in repr(report)


def test_several_photos_of_one_candidate_and_none_of_another(tmp_path: Path) -> None:
    for name in ("001.jpg", "001099000001.png"):
        (tmp_path / name).write_bytes(JPEG)
    report = match_photos((MAU, HOA), read_photos(tmp_path))
    assert report.matched == ()
    assert [(sbd, sorted(names)) for sbd, names in report.several] == [
        ("001", ["001.jpg", "001099000001.png"])
    ]
    assert [seat.sbd for seat in report.without] == ["002"]


def test_another_persons_number_is_not_matched_by_the_rest_of_the_name(tmp_path: Path) -> None:
    (tmp_path / "001 - 001099999999.jpg").write_bytes(JPEG)
    assert match_photos((MAU,), read_photos(tmp_path)).unmatched == ("001 - 001099999999.jpg",)


def test_a_zip_is_read_and_its_bad_paths_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "anh.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Ảnh/001.jpg", JPEG)
        archive.writestr("../../002.jpg", JPEG)
        archive.writestr("/etc/002.jpg", JPEG)
        archive.writestr("__MACOSX/._001.jpg", JPEG)
        archive.writestr("lon.jpg", JPEG + bytes(MAX_PHOTO))
    report = match_photos((MAU, HOA), read_photos(path))
    assert [sbd for sbd, _ in report.matched] == ["001"]
    assert sorted(report.refused) == [
        ("002.jpg", "photo-path"),
        ("002.jpg", "photo-path"),
        ("lon.jpg", "photo-too-large"),
    ]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["anh.zip"]
    for _, code in report.refused:
        assert code in load_texts("vi")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(JPEG)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "001.jpg").symlink_to(outside)
    assert match_photos((MAU,), read_photos(tmp_path / "in")).refused == (("001.jpg", "photo-path"),)


@pytest.mark.parametrize(("name", "why"), [("không có", "missing"), ("hỏng.zip", "zip")])
def test_photos_that_cannot_be_read(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "hỏng.zip").write_bytes(b"PK broken")
    with pytest.raises(RosterPhotosError) as raised:
        read_photos(tmp_path / name)
    assert raised.value.facts["why"] == why


def whys(**asked: object) -> list[tuple[str, str]]:
    return [(each.seat.sbd, each.why) for each in suggestions(SEATS, **asked)]  # type: ignore[arg-type]


def test_suggestions_are_by_old_number_or_name_and_birth() -> None:
    assert whys(old_number="012 345 678") == [("001", "old-number")]
    assert whys(name="nguyễn văn mẫu", birth=MAU.birth) == [("001", "name-and-birth")]
    assert whys(name="Trần Thị Hòa", birth=HOA.birth) == [("002", "name-and-birth")]
    assert whys(name="TRAN THI HOA", birth=HOA.birth) == [("002", "unmarked-name-and-birth")]
    assert whys(name="Lê Văn Mẫu", birth=PartialDate(year=1980, month=5, day=5)) == [
        ("TS-3", "name-and-year")
    ]
    for why in ("old-number", "name-and-birth", "unmarked-name-and-birth", "name-and-year"):
        assert f"suggestion.{why}" in load_texts("vi")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"old_number": "12345678"},
        {"old_number": ""},
        {"name": "NGUYỄN VĂN MẪU"},
        {"name": "NGUYỄN VĂN MÂU", "birth": PartialDate(year=1999, month=1, day=16)},
        {"name": "", "birth": PartialDate(year=0)},
    ],
)
def test_nobody_is_suggested_by_less(asked: dict[str, object]) -> None:
    assert whys(**asked) == []


def test_the_old_number_comes_first_and_nothing_is_chosen() -> None:
    assert whys(old_number="123456789", name="NGUYỄN VĂN MẪU", birth=MAU.birth) == [
        ("TS-3", "old-number"),
        ("001", "name-and-birth"),
    ]


@pytest.mark.parametrize(
    ("number", "year", "sex", "codes"),
    [
        ("001099000001", 1999, "nam", ()),
        ("001199000001", 1999, "nữ", ()),
        ("096205000001", 2005, "nam", ()),
        ("001199000001", 1999, "nam", ("roster-number-and-sex-differ",)),
        ("001099000001", 1998, "", ("roster-number-and-birth-differ",)),
        ("001299000001", 1999, "", ("roster-number-and-birth-differ",)),
        ("003099000001", 1999, "", ("roster-number-province",)),
        (
            "097399000001",
            1999,
            "nam",
            ("roster-number-province", "roster-number-and-birth-differ", "roster-number-and-sex-differ"),
        ),
        ("", 1999, "nam", ()),
    ],
)
def test_what_a_number_says_of_itself(number: str, year: int, sex: str, codes: tuple[str, ...]) -> None:
    seat = replace(MAU, id_number=number, birth=PartialDate(year=year), sex=sex)
    assert number_warnings(seat) == codes


def test_provinces_of_before_the_mergers_are_known() -> None:
    assert len(provinces()) == 63
    assert (province_of("001099000001"), province_of("077099000001"), province_of("096")) == (
        "Hà Nội",
        "Bà Rịa – Vũng Tàu",
        "Cà Mau",
    )
    assert province_of("097") == ""
