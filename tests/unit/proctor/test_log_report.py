"""What a person reads of a verified log: nothing is called whole beside entries that an epoch declares lost."""

from __future__ import annotations

import pytest

from proctor.commands.log import report_json, report_lines
from proctor.texts import load_texts
from sessions.finding import Finding
from sessions.record import Outcome
from sessions.verify import LogReport

WHOLE = {"vi": "nguyên vẹn", "en": "unaltered"}
LOST = Finding(code="epoch-entries-lost", seq=4, facts={"lost": 2, "size": 6})
FORKED = Finding(code="epoch-forked", seq=4, facts={"size": 3})
ANCHOR = Finding(code="anchor-lost", facts={"anchor": "stick", "size": 6, "log_size": 9})
UNPROVEN = Finding(code="epoch-previous-unproven", seq=4, facts={"size": 6})
ODD = Finding(code="clock-jump", seq=2, facts={"ms": 5000})


def read(language: str, *findings: Finding) -> str:
    decided = all(each.severity == "irregular" for each in findings)
    report = LogReport(
        code="ok" if decided else findings[0].code,
        outcome=Outcome.PASSED if decided else Outcome.INDETERMINATE,
        size=9,
        root="00" * 32,
        findings=findings,
    )
    texts = load_texts(language)
    return "\n".join(report_lines(report, report_json(report), texts))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_nothing_is_whole_beside_a_loss(language: str) -> None:
    assert WHOLE[language] in read(language, ODD).lower()
    for findings in ((LOST,), (FORKED, ODD), (ANCHOR, LOST), (UNPROVEN, ODD)):
        assert WHOLE[language] not in read(language, *findings).lower(), findings


@pytest.mark.parametrize(("language", "said"), [("vi", "bị sửa, mục 7: "), ("en", "altered, entry 7: ")])
def test_a_finding_is_a_sentence_with_its_code_behind(language: str, said: str) -> None:
    bad = Finding(code="log-altered-body", seq=7)
    line = next(line for line in read(language, bad).splitlines() if line.startswith("  - "))
    assert line == f"  - {said}{load_texts(language)['log-altered-body']} (log-altered-body)"
