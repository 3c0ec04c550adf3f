import pytest

from biometrics.candidate_screen import CandidateScreen
from proctor.candidate_window import require_place
from proctor.errors import CommandError
from proctor.terminal_screen import TerminalScreen
from proctor.texts import load_texts

PROMPTS = ("look-ahead", "turn-left", "turn-right", "close-eyes", "open-eyes", "watch-colours", "done")


def test_prompts_are_said_and_hints_once_until_they_change() -> None:
    said: list[str] = []
    shown: CandidateScreen = TerminalScreen(lambda key, _facts: said.append(key))
    shown.prompt("look-ahead")
    for code in ("face-dark", "face-dark", "", "face-dark", "face-blurred"):
        shown.hint(code)
    shown.colour((0, 255, 0))
    assert said == ["screen.look-ahead", "hint.face-dark", "hint.face-dark", "hint.face-blurred"]
    assert not shown.can_flash


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_prompt_has_its_words(language: str) -> None:
    texts = load_texts(language)
    assert len({texts[f"screen.{prompt}"] for prompt in PROMPTS}) == len(PROMPTS)


def test_a_skip_counts_for_the_challenge_that_is_shown() -> None:
    screen = TerminalScreen(lambda _key, _facts: None)
    screen.skip()
    assert not screen.skip_asked
    screen.prompt("turn-left")
    screen.skip()
    screen.prompt("turn-right")
    assert screen.skip_asked
    screen.prompt("done")
    assert not screen.skip_asked
    screen.prompt("close-eyes")
    screen.skip()
    screen.idle()
    assert not screen.skip_asked


@pytest.mark.parametrize("place", ["full", "window", "1920x1080+1366+0", "800x600-10+0"])
def test_a_place_that_is_understood(place: str) -> None:
    assert require_place(place) == place


@pytest.mark.parametrize(
    "place", ["", "1920", "1920x1080", "0x0+0+0", "00x600+0+0", "99999x600+0+0", "1920x1080+0+0;ls", "a" * 99]
)
def test_a_place_that_is_not_understood_is_a_wrong_call(place: str) -> None:
    with pytest.raises(CommandError) as caught:
        require_place(place)
    assert (caught.value.code, caught.value.usage) == ("screen-place-invalid", True)
    assert len(str(caught.value.facts["place"])) <= 40
