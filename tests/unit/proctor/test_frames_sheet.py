"""The sheet of frames speaks Vietnamese, marks what was no pass, and stays of a size."""

import io
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image, ImageChops

import biometrics.pad
from biometrics.pad.errors import FAILED, UNCLEAR
from biometrics.pad.kept import WIDTH, Doubt, Kept, Mark, Moment
from biometrics.pad.settings import load_pad_rules
from proctor.frames_sheet import MOST, caption, frames_sheet, heading
from proctor.texts import load_texts
from reports.fonts import missing_letters

VI, EN = load_texts("vi"), load_texts("en")


def kept(moment: Moment = "turn-left", mark: Mark = "", *, height: int = 400, **facts: str | int) -> Kept:
    return Kept(image=np.full((height, WIDTH, 3), 120, np.uint8), moment=moment, mark=mark, facts=facts)


def doubt(*frames: Kept, check: str = "pad-turn", why: str = "no-turn") -> Doubt:
    return Doubt(check=check, outcome="failed", why=why, frames=frames)


def opened(*doubts: Doubt) -> Image.Image:
    data = frames_sheet(doubts, VI)
    assert data is not None
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "JPEG"
    return picture.convert("RGB")


def every_why() -> set[str]:
    """Return the causes that the evaluators' source names."""
    folder = Path(biometrics.pad.__path__[0])
    names = ("asking", "ask_turns", "ask_eyes", "ask_flash", "eyes", "flash", "turn", "passive", "finding")
    source = "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in names)
    said = re.findall(r'(?:unclear|failed)\(\s*"([a-z-]+)"', source)
    for line in re.findall(r"^ +return (?!failed|unclear|run\.|sum).*", source, re.MULTILINE):
        said += re.findall(r'"([a-z]+(?:-[a-z]+)*)"', line)
    said += re.findall(r'^ +\("([a-z]+)", ', source, re.MULTILINE)  # the table of passive signs
    said += re.findall(r'return trouble.* or "([a-z-]+)"', source)
    return set(said) - {"failed", "unclear", "passed", "compared", "nan"}


def test_every_cause_moment_colour_and_mark_has_its_words_in_both_languages() -> None:
    colours = {"{:02x}{:02x}{:02x}".format(*one) for one in load_pad_rules().flash.palette}
    assert len(every_why()) >= 28
    wanted = {f"frames.why.{why}" for why in every_why()}
    wanted |= {f"frames.moment.{moment}" for moment in get_args(Moment)}
    wanted |= {f"frames.mark.{mark}" for mark in get_args(Mark) if mark}
    wanted |= {f"frames.colour.{colour}" for colour in colours}
    wanted |= {f"sheet.reason.{error.code}" for errors in (FAILED, UNCLEAR) for error in errors.values()}
    assert wanted <= set(VI)
    assert wanted <= set(EN)
    assert not missing_letters("".join(VI[key] for key in wanted))


def test_captions_are_sentences_with_decimal_commas() -> None:
    turn = kept("turn-left", "failed", r_e4=1234, limit_e4=1200)
    assert caption(turn, VI) == "Quay trái (trong hình là sang phải): lệch 0,12, cần 0,12"
    assert "off by 0.12" in caption(turn, EN)
    assert "−0,15" in caption(kept("turn-right", r_e4=-1500, limit_e4=1200), VI)
    assert caption(kept("eyes-open"), VI) == "Trước khi nhắm"
    assert caption(kept("colour", colour="00ffff"), VI) == "Màn hình màu xanh lơ"
    assert caption(kept("colour", colour="123456"), VI) == "Màn hình màu #123456"
    assert heading(doubt(kept()), VI) == "Quay đầu không đạt: không thấy quay đầu"


@pytest.mark.parametrize("mark", ["failed", "unclear"])
def test_a_marked_frame_has_a_border_and_a_word_below_and_the_others_have_not(mark: Mark) -> None:
    plain = opened(doubt(kept(), kept(), kept()))
    marked = opened(doubt(kept(), kept(mark=mark), kept()))
    assert marked.size == plain.size
    changed = ImageChops.difference(plain, marked).point(lambda level: 255 if level > 60 else 0).getbbox()
    assert changed is not None
    left, top, right, bottom = changed
    assert plain.width / 3 - 20 < left < right < 2 * plain.width / 3 + 20  # the cell in the middle only
    assert right - left > WIDTH
    assert bottom - top > 400
    bar = marked.crop((left + 4, bottom - 28, right - 4, bottom - 2)).convert("L")
    dark, light = bar.getextrema()
    assert light - dark > 100  # letters stand out without their colour


def test_frames_are_wide_and_the_sheet_has_bounds() -> None:
    high = kept(height=2 * WIDTH)
    picture = opened(*(doubt(*[high] * 9) for _ in range(5)))
    assert WIDTH >= 320
    assert 4 * WIDTH <= picture.width < 4 * WIDTH + 200
    assert picture.height < (MOST / 4 + 3) * (2 * WIDTH + 200)
    assert opened(doubt(kept("last"))).width < 3 * WIDTH
    assert frames_sheet((), VI) is None
    assert frames_sheet((doubt(),), VI) is None
