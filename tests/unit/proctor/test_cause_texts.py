"""Unlike causes of one code have texts of their own, in both languages."""

from __future__ import annotations

import pytest

from proctor.texts import load_texts
from sessions.errors import HoldError, RotationRefusedError, SessionsError, WitnessFolderError
from tests.support.cli import proctor

CAUSES: tuple[tuple[SessionsError, str], ...] = (
    (HoldError(why="reason"), "mã"),
    (HoldError(why="unknown-candidate", session="S1", sbd="777"), "777"),
    (RotationRefusedError(why="drop", user="binh"), "binh"),
    (WitnessFolderError(why="not-empty"), "mới hoặc trống"),
)


@pytest.mark.parametrize(("error", "said"), CAUSES)
def test_a_cause_has_its_own_text(error: SessionsError, said: str) -> None:
    vi, en = (load_texts(language).say(error.code, **error.facts) for language in ("vi", "en"))
    assert said in vi
    assert vi != load_texts("vi")[error.code]
    assert "\u2014" not in vi + en, "no empty places"


def test_another_cause_has_the_text_of_the_code() -> None:
    texts = load_texts("vi")
    assert texts.say("hold-invalid", why="something") == texts["hold-invalid"]


def test_a_bad_witness_name_is_said_so() -> None:
    ran = proctor("witness", "init", "--dir", "nowhere", "--name", "bad name", "--unattended")
    assert ran.status == 2
    assert "witness.example/w1" in ran.err
