import io

import pypdf
import pytest

from reports.attendance import build_attendance
from reports.cosigned import cosigned_line, not_cosigned
from reports.geometry import LYING, UPRIGHT, Geometry
from reports.layout import foot_cosigned
from reports.pdf import render
from sessions.cosignature import Cosignature
from sessions.witnesses import Cosigners
from tests.support.reports_sheets import head_of, mixed_roll, session_of, signer, texts

WARNING = "CHƯA ĐỒNG KÝ"


def signed(name: str, key_id: str = "f23496ff") -> Cosignature:
    return Cosignature(name=name, key_id=key_id, at=1, line="")


W1, W2 = signed("witness.example/w1"), signed("witness.example/w2", "00112233")


@pytest.mark.parametrize(
    ("cosigners", "line", "warning"),
    [
        (None, "Trạm không cấu hình bên đồng ký.", ""),
        (Cosigners(), "Trạm không cấu hình bên đồng ký.", ""),
        (Cosigners(configured=1), "Chưa bên nào đồng ký đầu cây này.", ""),
        (
            Cosigners(configured=2, signed=(W1, W2)),
            "Đồng ký đầu cây này: witness.example/w1 (f23496ff), witness.example/w2 (00112233).",
            "",
        ),
        (
            Cosigners(configured=2, signed=(W1,), missing=(W2.name,)),
            "Thiếu bên bắt buộc: witness.example/w2. Đồng ký đầu cây này: witness.example/w1 (f23496ff).",
            WARNING,
        ),
        (
            Cosigners(configured=1, missing=(W1.name,)),
            "Thiếu bên bắt buộc: witness.example/w1. Chưa bên nào đồng ký đầu cây này.",
            WARNING,
        ),
    ],
)
def test_the_foot_says_who_cosigned(cosigners: Cosigners | None, line: str, warning: str):
    assert cosigned_line(texts(), cosigners) == line
    assert not_cosigned(texts(), cosigners) == warning


@pytest.mark.parametrize("paper", [LYING, UPRIGHT])
def test_however_many_and_however_long_they_fit_two_lines(paper: Geometry):
    many = Cosigners(
        configured=15,
        signed=tuple(signed("W" * 128, f"{number:08x}") for number in range(15)),
        missing=tuple("M" * 120 + str(number) for number in range(15)),
    )
    line = cosigned_line(texts(), many)
    assert "+14" in line
    lines = foot_cosigned(line, paper)
    assert len(lines) <= 2
    assert " ".join(part.text for part in lines) == line


def printed(cosigners: Cosigners | None) -> list[str]:
    roll = mixed_roll(30)
    sheet = build_attendance(session_of(roll), roll, texts=texts(), head=head_of(), cosigners=cosigners)
    reader = pypdf.PdfReader(io.BytesIO(render(sheet, signer())))
    return [page.extract_text() for page in reader.pages]


def test_the_warning_stands_on_every_page():
    pages = printed(Cosigners(configured=1, missing=(W1.name,)))
    assert len(pages) > 1
    assert all(WARNING in page for page in pages)
    assert all("witness.example/w1" in page for page in pages)


def test_without_a_missing_one_there_is_no_warning():
    for cosigners in (None, Cosigners(configured=1, signed=(W1,)), Cosigners(configured=1)):
        assert all(WARNING not in page for page in printed(cosigners))
