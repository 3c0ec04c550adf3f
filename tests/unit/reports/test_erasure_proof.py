"""The proof of erasure: counts, heads, persons and reason; nothing about a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from proctor.texts import load_texts
from reports.erasure_proof import build_erasure_proof
from reports.errors import TextMissingError
from reports.geometry import UPRIGHT
from reports.layout import lay_out
from reports.pdf import render
from reports.sheet import Sheet
from sessions.checkpoint import Checkpoint
from tests.support.reports_sheets import head_of, mixed_roll, session_of, signer

BODY: dict[str, Any] = {
    "seq": 41,
    "scope": "candidate",
    "sbd": "002",
    "reason": "request",
    "operator": {"id": "an", "role": "site-head"},
    "second": {"id": "binh", "role": "overseer", "proof": "password"},
    "targets": [
        {"seq": 3, "names": ["roster"]},
        *({"seq": seq, "names": ["chip-portrait", "identity"]} for seq in range(5, 25)),
        {"seq": 30, "names": ["something-new"]},
    ],
}


def proof(
    body: dict[str, Any], *, language: str = "vi", kind: str = "real", roles: dict[str, str] | None = None
) -> Sheet:
    session = session_of(mixed_roll(3), kind=kind)
    before = Checkpoint(origin=session_origin(kind), size=41, root=bytes(range(32)))
    after = Checkpoint(origin=session_origin(kind), size=42, root=bytes(range(1, 33)))
    return build_erasure_proof(
        session,
        body,
        before=before,
        after=after,
        texts=load_texts(language),
        copies=2,
        at=datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC),
        roles=roles or {},
        language=language,
    )


def session_origin(kind: str) -> str:
    return f"proctor.{kind}/0a1b2c3d"


def cells(sheet: Sheet) -> list[list[str]]:
    return [[" ".join(cell.paragraphs) for cell in row.cells] for row in sheet.rows]


def test_what_it_says() -> None:
    sheet = proof(BODY)
    assert sheet.kind == "erasure"
    rows = cells(sheet)
    assert [(row[1], row[2]) for row in rows] == [
        ("Ảnh trong chíp", "20"),
        ("Họ tên, ngày sinh, số định danh", "20"),
        ("Danh sách thí sinh", "1"),
        ("something-new", "1"),
    ]
    assert rows[0][3] == "5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, … 24"
    text = " ".join((*sheet.header.lines, *sheet.closing.totals, *sheet.closing.remarks))
    for words in ("002", "request", "an (site-head)", "binh (overseer)", "08:02:03 22/11/2026", ": 41."):
        assert words in text
    assert bytes(range(32)).hex() in text
    assert bytes(range(1, 33)).hex() in text
    assert "42 (bốn mươi hai)" in text
    assert "không với tới: 2" in text
    assert sheet.head.size == 42
    assert sum(column.width_mm for column in lay_out(sheet).columns) == pytest.approx(
        UPRIGHT.width / 72 * 25.4
    )


def test_it_is_a_page_like_the_others() -> None:
    for kind in ("real", "training"):
        sheet = proof(BODY, kind=kind)
        assert (sheet.training is not None) is (kind == "training")
        assert render(sheet, signer(kind)) == render(sheet, signer(kind))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_proof_stands_upright_on_one_page_with_its_signatures(language: str) -> None:
    sheet = proof(BODY, language=language)
    assert sheet.portrait
    assert [len(page) for page in lay_out(sheet).pages] == [4]


def test_roles_and_reasons_are_in_words_where_there_are_some() -> None:
    sheet = proof(BODY, roles={"site-head": "trưởng điểm thi"})
    text = " ".join((*sheet.header.lines, *sheet.closing.totals))
    assert "an (trưởng điểm thi)" in text
    assert "binh (overseer)" in text
    assert "theo yêu cầu của người có dữ liệu (request)" in text
    assert "lý do: q7" in " ".join(proof({**BODY, "reason": "q7"}).header.lines)


def test_a_proof_seals_no_candidate_and_its_counts_are_numbers() -> None:
    sheet = proof(BODY)
    assert {row.mark for row in sheet.rows} == {("", "-")}
    assert [row.cells[2].value for row in sheet.rows] == [20, 20, 1, 1]


def test_in_english_and_of_a_session() -> None:
    body = {name: value for name, value in BODY.items() if name != "sbd"} | {
        "scope": "session",
        "kept": ["001"],
    }
    sheet = proof(body, language="en")
    text = " ".join((*sheet.header.lines, *sheet.closing.totals))
    assert "the whole session" in text
    assert "kept because of a dispute: 1" in text


def test_many_entries_fit() -> None:
    body = BODY | {"targets": [{"seq": seq, "names": ["identity"]} for seq in range(3_000)]}
    assert len(render(proof(body), signer())) > 1_000


def test_a_missing_text_is_told() -> None:
    session = session_of(mixed_roll(3))
    head = head_of("real")
    with pytest.raises(TextMissingError):
        build_erasure_proof(
            session, BODY, before=head, after=head, texts={}, copies=0, at=datetime(2026, 11, 22, tzinfo=UTC)
        )
