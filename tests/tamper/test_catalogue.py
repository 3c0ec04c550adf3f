"""Tampering by chance: every class of it is found by what its label says, and the third class by nothing at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tamper.catalogue import Found, Tampering, log_cases
from tests.tamper.papers import paper_cases
from tests.tamper.subject import Subject, make_subject

LOG_CHANGES = int(os.environ.get("TAMPER_LOG", "330"))
PAPER_CHANGES = int(os.environ.get("TAMPER_PAPERS", "170"))
"""`make soak` tries 10,000 and more."""
SEED = 20261122


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return make_subject(tmp_path_factory.mktemp("subject"))


def test_the_untouched_log_is_good_with_and_without_anchors(subject: Subject, tmp_path: Path) -> None:
    for files in (subject.today, subject.with_wal, subject.later):
        files.put(tmp_path)
        assert subject.verify(tmp_path).ok
        assert subject.verify(tmp_path, anchored=True).ok


def test_every_change_of_the_log_is_found_as_labelled(subject: Subject, tmp_path: Path) -> None:
    tampering = Tampering(subject, tmp_path / "work", seed=SEED)
    cases = log_cases(subject)
    tampering.run(cases, LOG_CHANGES)
    print(tampering.table())
    assert tampering.misses == []
    assert {case.label for case in cases} == set(Found)
    tried = set(tampering.counts)
    assert {case.name for case in cases if not case.rare} <= tried


def test_every_change_of_what_left_the_machine_is_refused(subject: Subject, tmp_path: Path) -> None:
    tampering = Tampering(subject, tmp_path / "work", seed=SEED)
    tampering.run(paper_cases(subject, tmp_path / "papers"), PAPER_CHANGES)
    print(tampering.table())
    assert tampering.misses == []
