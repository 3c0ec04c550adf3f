"""Every line the desk can show has a text in both languages, with nothing left to fill and short where it is large."""

import re
import tomllib
from importlib import resources
from string import Formatter

import pytest

from biometrics.candidate_screen import Prompt
from proctor.desk import arriving, claim, keys, machine, running, situation, view
from proctor.desk.events import (
    Candidate,
    CardIn,
    CheckDone,
    Device,
    Difference,
    Failed,
    Halted,
    Paused,
    Pressed,
    Prompted,
    Reason,
    Reopened,
    Resumed,
)
from proctor.desk.screen import Screen, Words
from proctor.desk.state import State
from proctor.desk.view import view as shown
from proctor.texts import Texts, load_texts
from sessions.record import Outcome, Verdict
from tests.support.desk_events import AN, BINH, READER, after, ended, every_words, first, row, scanned

VI, EN = load_texts("vi"), load_texts("en")
MODULES = (arriving, claim, keys, machine, running, situation, view)
LARGE = 14
"""Letters of a verdict's word at 90 pixels' height across a screen of 1366 pixels."""


def own_texts(language: str) -> dict[str, str]:
    """The desk's own file of texts."""
    file = resources.files("proctor") / "text" / language / "desk.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def named_in_source() -> set[str]:
    """Keys that the code names in full."""
    source = "\n".join(
        resources.files("proctor.desk").joinpath(f"{name}.py").read_text("utf-8") for name in NAMES
    )
    return {key for key in re.findall(r'"(desk\.[a-z.-]+)"', source) if not key.endswith(".")}


NAMES = tuple(module.__name__.rpartition(".")[2] for module in MODULES)


def screens() -> dict[str, Screen]:
    """One screen of each kind, by name."""
    card = CardIn(reader=READER)
    working = after(first(), scanned(AN), card)
    prompted = after(working, Prompted(attempt_id=working.attempt_id, prompt="turn-left"))
    refused = row(working, "pa-trusted", Outcome.FAILED, "pa-failed")
    asked = after(
        working, scanned(BINH), ended(working, Verdict.REFER, candidate=whom(), remarks=("result-warning.x",))
    )
    assert asked.run is not None
    assert asked.run.result is not None
    states: dict[str, State] = {
        "waiting": first(),
        "card": after(first(), scanned(AN, "typed")),
        "claim": after(first(), card),
        "working": after(working, refused),
        "prompted": prompted,
        "deciding": asked,
        "left": after(asked, Pressed(action="later")),
        "admitted": after(working, ended(working, candidate=whom(), owed=("Sa hình",))),
        "refused": after(working, ended(working, Verdict.REFUSE, reasons=(Reason(code="pa-failed"),))),
        "unrecorded": after(working, ended(working, recorded=False, entry=None, store_error="store-full")),
        "failed": after(working, Failed(attempt_id=working.attempt_id, code="session-paused")),
        "closed": after(first(), Halted(code="session-closed")),
        "resumed": after(first(), Resumed(sbd="007")),
        "reopened": after(first(), Resumed(sbd="007", undecided=Reopened(of="x", result=asked.run.result))),
        "paused": after(first(), Paused(paused=True)),
        "held-by-pause": after(first(), scanned(AN), Paused(paused=True), card),
        "no-reader": after(first(), Device(kind="reader", state="out")),
        "no-camera": after(first(), Device(kind="camera", state="fault")),
        "no-disk": after(first(), Device(kind="disk", state="fault")),
        "no-scanner": after(first(), Device(kind="scanner", state="out")),
        "typed": after(first(), Device(kind="scanner", state="out"), card),
    }
    return {name: shown(state) for name, state in states.items()}


def whom(*, by_chip: bool = True) -> Candidate:
    return Candidate(sbd="007", name="Nguyễn Văn Mẫu", place="P1 / 12", by_chip=by_chip)


@pytest.mark.parametrize("name", sorted(screens()))
def test_every_line_of_a_screen_is_said_in_both_languages(name: str) -> None:
    lines = [words for words in every_words(screens()[name]) if words.key.startswith("desk.")]
    assert lines
    for texts in (VI, EN):
        for words in lines:
            said = words.said(texts)
            assert "[" not in said
            assert "{" not in said
            assert "—" not in said, words.key  # a place that nothing filled
    assert all(words.said(VI) != words.said(EN) for words in lines if plain(words, VI))


def plain(words: Words, texts: Texts) -> bool:
    """Whether a line has words of its own, not only what is filled in."""
    bare = "".join(part for part, *_ in Formatter().parse(texts[words.key]))
    return len(re.sub(r"\W", "", bare)) > 3 and words.key != "desk.device.camera"


def test_the_next_step_is_always_said_and_enter_is_where_something_can_be_done() -> None:
    for name, screen in screens().items():
        assert screen.next.said(VI) != screen.title.said(VI)
        keys_shown = [action.key for action in screen.actions]
        assert len(set(keys_shown)) == len(keys_shown)
        assert ("Return" in keys_shown) == (name not in {"working", "prompted", "held-by-pause"})
        assert all(action.primary == (action.key == "Return") for action in screen.actions)


def test_keys_named_in_a_line_are_the_keys_that_are_offered() -> None:
    for name, screen in screens().items():
        offered = {action.shown for action in screen.actions}
        for texts in (VI, EN):
            for key in re.findall(r"\b(F\d+|Enter|Esc)\b", screen.next.said(texts)):
                assert key in offered, (name, key)


def test_no_text_of_the_desk_is_left_over() -> None:
    prefixes = ("title", "next", "verdict", "verdict-line", "step", "step-state", "device", "device-state")
    built = tuple(
        f"desk.{prefix}."
        for prefix in (
            *prefixes,
            "device-fix",
            "field",
            "sex",
            "same",
            "action",
            "speak",
            "notice.back",
            "notice.resumed-after",
        )
    )
    named = named_in_source()
    others = {key for key in own_texts("vi") if not key.startswith(built)}
    variants = {
        key
        for key in others
        if re.sub(r"(\.(named|placed|claimed|none))+$", "", key) in named | {"desk.claim"}
    }
    assert others - variants <= named
    assert named <= set(own_texts("vi"))
    assert named <= set(own_texts("en"))


def test_the_words_of_the_verdict_are_short_enough_to_be_large() -> None:
    for texts in (VI, EN):
        for key in texts:
            if key.startswith("desk.verdict."):
                assert len(texts[key]) <= LARGE, key


def test_every_prompt_of_the_candidates_screen_has_its_line() -> None:
    for prompt in Prompt.__args__:  # type: ignore[attr-defined]
        assert f"screen.{prompt}" in VI


def test_a_field_a_step_and_a_reason_say_their_own() -> None:
    working = after(first(), scanned(AN), CardIn(reader=READER))
    rows = (
        Difference(field_name="birth", roster="01/02/1999", chip="01/02/1999", same=True),
        Difference(field_name="name", roster="A", chip="B", same=False),
        Difference(field_name="sex", chip="M"),
    )
    check = CheckDone(
        attempt_id=working.attempt_id,
        name="roster",
        outcome=Outcome.INDETERMINATE,
        code="roster-person-differs",
        facts={"name": "differs", "birth": "same"},
    )
    end = ended(working, Verdict.REFER, differences=rows, candidate=whom(by_chip=False))
    screen = shown(after(working, check, end))
    assert [(line.words.said(EN), line.same_words.said(EN), line.sign) for line in screen.differences] == [
        ("Date of birth", "same", "tick"),
        ("Name", "DIFFERS", "cross"),
        ("Sex", "not compared", "dots"),
    ]
    on_list = next(line for line in screen.steps if line.name == "list")
    assert (on_list.state, on_list.sign) == ("unclear", "question")
    assert on_list.detail is not None
    assert "—" not in on_list.detail.said(VI)
    assert screen.candidate is not None
    assert "chíp chưa xác nhận" in screen.candidate.said(VI)
