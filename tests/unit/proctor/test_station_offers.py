"""What the start page offers to somebody of each role: never a desk that they may not open."""

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("tkinter", reason="this Python has no Tk")

from proctor.gui.station.opening import role_label
from proctor.gui.station.start import PAGES, offer_of, words_of
from proctor.gui.station.work import SCREENS
from proctor.texts import load_texts
from sessions.roles import load_roles


def line_for(may: set[str], state: str = "running") -> Any:
    return SimpleNamespace(
        state=state, may="check-in" in may, may_start="start" in may, session_id="S-1", at="", today=True
    )


def pages_of(may: set[str]) -> tuple[str, ...]:
    return tuple(name for name in PAGES if may & SCREENS[name].actions)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("role", sorted(load_roles()))
def test_enter_opens_what_the_role_has_and_the_page_says_so(role: str, language: str) -> None:
    may, texts = set(load_roles()[role].may), load_texts(language)
    pages = pages_of(may)
    offer, words = offer_of(line_for(may), pages), words_of(line_for(may), texts, pages)
    if "check-in" in may:
        assert offer == "open"
        return
    assert offer in PAGES
    assert may & SCREENS[offer].actions
    assert "Enter" in words
    assert f"window.station.{offer}" in texts
    waiting = offer_of(line_for(may, "paused"), pages)
    assert waiting == ("resume" if "start" in may else offer)


def test_who_has_nothing_at_a_session_is_told_to_let_somebody_else_in() -> None:
    texts = load_texts("vi")
    assert words_of(line_for(set()), texts) == texts["window.station.start.forbidden"]


def test_a_role_is_said_in_words() -> None:
    assert all("-" not in role_label(role, language) for role in load_roles() for language in ("vi", "en"))
