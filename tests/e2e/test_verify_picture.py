"""`proctor sheets verify` on photos of what was printed: the sealed rows, and each against the log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from proctor.config import Places
from proctor.picture_seals import read_picture_seals
from proctor.roots import ensure_training_root, open_training
from reports.seal import qr_modules, read_seal, seal_text
from tests.support.cli import Ran, proctor
from tests.support.photographs import Look, drawn, photograph
from tests.support.schemas import require_valid

PUPILS = """SBD,Họ và tên,Ngày sinh,Giới tính,Số định danh,Lớp,Phòng thi
001,Nguyễn Văn Mẫu,15/01/2008,Nam,001208000001,12A1,P1
002,Trần Thị Mẫu,08/03/2008,Nữ,001308000002,12A1,P1
"""


@pytest.fixture
def printed(home: Path, tmp_path: Path) -> Path:
    """The PDF of a collection list of a training session."""
    roster = tmp_path / "pupils.csv"
    roster.write_text(PUPILS, encoding="utf-8")
    made = proctor(
        *("session", "create", "--training", "--json", "--roster", roster, "--rules", "written-exam"),
        *("--component", "literature", "--place", "Trường Mẫu"),
    )
    assert made.status == 0, made.err
    out = ("--session", made.json["id"], "--out", tmp_path, "--json", "--component", "literature")
    ran = proctor("sheets", "collection", *out)
    assert ran.status == 0, ran.err
    return Path(ran.json["file"])


def photo(pdf: Path, name: str = "photo.jpg") -> Path:
    """The first page, taken by hand at 100 dpi."""
    look = Look(turn=11, tilt=6, pan=-5, light=0.3, stains=3, noise=4)
    path = pdf.with_name(name)
    path.write_bytes(photograph(drawn(pdf.read_bytes(), 0, 300), look, np.random.default_rng(1)))
    return path


def verify(path: Path, *more: str) -> Ran:
    ran = proctor("sheets", "verify", path, "--training", *more, "--json")
    require_valid("sheet-verify-picture", ran.json)
    return ran


def test_a_photo_of_another_session_is_not_the_one_that_was_meant(printed: Path, tmp_path: Path) -> None:
    other = proctor(
        *("session", "create", "--training", "--json", "--roster", tmp_path / "pupils.csv"),
        *("--rules", "written-exam", "--component", "literature", "--place", "Trường Mẫu"),
    ).json["id"]
    ran = proctor("sheets", "verify", photo(printed), "--session", other, "--json")
    assert (ran.status, ran.json["code"]) == (1, "picture-session-other")
    own = ran.json["facts"]["found"]
    assert proctor("sheets", "verify", photo(printed), "--session", own, "--json").status == 0


def test_a_photo_shows_its_sealed_rows_and_agrees_with_the_log(printed: Path) -> None:
    ran = verify(photo(printed))
    assert ran.status == 0, ran.out
    assert [row["sbd"] for row in ran.json["sheets"][0]["found"][0]["rows"]][:2] == ["001", "002"]
    assert ran.json["sheets"][0]["log"] | {"entry": 0} == {
        "status": "same",
        "entry": 0,
        "copy": 0,
        "roster": True,
        "words": True,
        "why": "",
        "rows": [],
    }
    spoken = proctor("sheets", "verify", photo(printed), "--training")
    assert spoken.status == 0
    assert "Chữ in trên ảnh KHÔNG được đọc" in spoken.out
    assert "KHỚP mọi dòng" in spoken.out


def test_a_row_that_the_log_has_otherwise_is_named_even_where_the_stations_key_signed(printed: Path) -> None:
    text = _text(printed)
    with open_training(ensure_training_root(_root())) as opened:
        signer = opened.keys.bundle.signer(opened.root.origin)
        honest = read_seal(text, signer.key)
        rows = (honest.rows[0], ("002", "A"), *honest.rows[2:])
        changed = seal_text(replace(honest, rows=rows), signer)
        unknown = seal_text(replace(honest, kind="results"), signer)
        rewritten = seal_text(replace(honest, root=bytes(32)), signer)
        ahead = seal_text(replace(honest, size=honest.size + 50), signer)
    ran = verify(_code(printed, changed))
    assert ran.status == 1
    assert ran.json["verdict"] == "altered"
    (row,) = ran.json["sheets"][0]["log"]["rows"]
    assert (row["row"], row["sealed"], row["log"]["sbd"]) == (2, {"sbd": "002", "outcome": "A"}, "002")
    for made, status, verdict in (
        (unknown, "not-printed", "unverified"),
        (rewritten, "other-head", "altered"),
        (ahead, "log-behind", "unverified"),
    ):
        ran = verify(_code(printed, made))
        assert (ran.status, ran.json["verdict"]) == (1, verdict)
        assert ran.json["sheets"][0]["log"]["status"] == status


def test_a_print_whose_station_seal_was_taken_off_is_not_taken_for_a_scan(printed: Path) -> None:
    data = printed.read_bytes()
    bare = printed.with_name("bare.pdf")
    bare.write_bytes(data[: data.index(b"%%EOF") + 6])
    ran = verify(bare)
    assert (ran.status, ran.json["verdict"]) == (1, "unverified")
    assert ran.json["pages_with_letters"]


def _root() -> Path:

    return Places.of(None).training


def _text(pdf: Path) -> str:

    return read_picture_seals(photo(pdf).read_bytes()).texts[0]


def _code(pdf: Path, text: str) -> Path:
    """A picture of one code."""
    code = np.where(np.array(qr_modules(text)), 0, 255).astype(np.uint8)
    path = pdf.with_name("code.png")
    picture = np.pad(np.kron(code, np.ones((4, 4), np.uint8)), 24, constant_values=255)
    path.write_bytes(bytes(cv2.imencode(".png", picture)[1]))
    return path
