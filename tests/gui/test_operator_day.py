"""The day of docs/operator.md: its keys are keys and its pictures are there; and, slowly, the whole of it is done."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.gui.operator_day import (
    DOCS,
    LARGEST,
    PAGE,
    SIZE,
    Day,
    Key,
    PageError,
    Typed,
    keys_of,
    station,
    steps,
)

TEXT = PAGE.read_text(encoding="utf-8")
STEPS = steps(TEXT)


def test_every_step_has_keys_words_and_a_picture_of_its_own() -> None:
    assert len(STEPS) >= 30
    numbered = re.findall(r"^\*\*(\d+)\. ", TEXT, flags=re.MULTILINE)
    assert numbered == [str(number) for number in range(1, len(numbered) + 1)]
    pictures = [step.picture for step in STEPS if step.picture]
    assert len(pictures) == len(set(pictures)) == len(numbered)
    assert [name for name in pictures if not (DOCS / name).exists()] == []
    assert TEXT.count("\nKeys: ") == len(STEPS)


def test_pictures_are_of_the_screen_and_small() -> None:
    for step in STEPS:
        if step.picture:
            path = DOCS / step.picture
            assert path.stat().st_size <= LARGEST, path.name
            with Image.open(path) as shown:
                assert (shown.size, shown.mode) == (SIZE, "P"), path.name


def test_no_picture_is_left_that_the_page_does_not_show() -> None:
    shown = {Path(step.picture).name for step in STEPS if step.picture}
    assert {path.name for path in (DOCS / "pictures").glob("day-*.png")} == shown


def test_what_is_no_key_is_named() -> None:
    assert keys_of('`Alt+U` `↓` ×2 "28"') == (
        Key(written="Alt+U", sequence="Alt-Key-u"),
        *[Key(written="↓", sequence="Down")] * 2,
        Typed(text="28"),
    )
    assert keys_of("none, only wait") == ()
    for line in ("`Alt+Ư`", "`Entr`", "press the button", "nonesuch"):
        with pytest.raises(PageError):
            keys_of(line)
    for page in ('Keys: `Enter`\nScreen: "x"', "Keys: `Enter`\n![a](pictures/day-01-a.png)"):
        with pytest.raises(PageError):
            steps(page)


@pytest.mark.slow
@pytest.mark.timeout(900)  # five minutes on a still machine
def test_the_day_is_done_by_whoever_reads_only_the_page(
    screen: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.chdir(tmp_path)
    with station(home) as window:
        day = Day(window)
        for step in STEPS:
            assert day.do(step) == ""
