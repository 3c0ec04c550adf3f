"""Every page for everybody: what is on it is reached by Tab, the focus is seen, no word is cut, no text is missing."""

from typing import Any

import pytest

from tests.gui.looking import AREAS, by_tab, controls, cut, instead_of_pictures, keys_shown, unseen_focus

QUICK = (("desk", "refer"), ("desk", "anything"), ("roster", "details"), ("sheets", "list"))


def look(window: Any, phase: str, found: dict[str, list[str]], *, focus: bool) -> None:
    """Keep what is wrong with a phase."""
    window.update()
    reached = by_tab(window)
    wrong = [f"cut: {each}" for each in cut(window)]
    wrong += [f"key: {each}" for each in keys_shown(window)]
    wrong += [f"not by Tab: {each}" for each in controls(window) if each not in reached]
    if focus:
        wrong += [f"focus unseen: {each}" for each in unseen_focus(window, reached)]
    if wrong:
        found[phase] = wrong


def look_at(
    area: str, phases: list[str], language: str, scale: float, *, focus: bool
) -> dict[str, list[str]]:
    """Open these phases of an area, in turn; return what is wrong, by phase."""
    found: dict[str, list[str]] = {}
    opens, known = AREAS[area]
    for phase in phases or known:
        with instead_of_pictures(
            lambda window, phase=phase: look(window, phase, found, focus=focus)
        ) as folder:
            opens(folder, language, scale, [phase])
    return found


@pytest.fixture(autouse=True)
def on_a_screen(screen: str, home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", screen)


@pytest.mark.parametrize(("area", "phase"), QUICK)
def test_a_page_is_for_everybody(area: str, phase: str) -> None:
    assert look_at(area, [phase], "vi", 1.0, focus=True) == {}


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("area", AREAS)
def test_every_phase_of_every_page_is_for_everybody(area: str, language: str, scale: float) -> None:
    assert look_at(area, [], language, scale, focus=language == "vi") == {}
