"""Every error says what to do, in both languages."""

import importlib
import pkgutil
import re
import string
from pathlib import Path

import pytest

import biometrics
import proctor
import readers
import reports
import sessions
from biometrics.errors import BiometricsError
from proctor.checks import CheckName, ChipVerdict
from proctor.texts import in_a_row, load_texts, window_texts
from readers.errors import ReaderError
from sessions.finding import CODES
from sessions.record import Outcome, Verdict

VI, EN = load_texts("vi"), load_texts("en")


OURS = ("biometrics", "proctor", "readers", "reports", "sessions")


def every_error() -> dict[str, type[Exception]]:
    """Every class of an exception of ours that has a code, whatever it derives from."""
    for package in (biometrics, proctor, readers, reports, sessions):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(("_process", "__main__")):
                importlib.import_module(module.name)
    found: dict[str, type[Exception]] = {}
    bases: list[type] = [Exception]
    while bases:
        base = bases.pop()
        bases += base.__subclasses__()
        code = vars(base).get("code")
        ours = base.__module__.split(".")[0] in OURS
        if ours and isinstance(code, str) and code and base.__bases__ != (Exception,):
            found[code] = base
    return found


@pytest.mark.parametrize("code", sorted(every_error()))
def test_every_error_code_has_both_texts(code: str) -> None:
    assert code in VI
    assert code in EN


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_error_says_what_to_do_and_not_only_what_happened(language: str) -> None:
    texts = load_texts(language)
    short = {code for code in every_error() if len(clauses(texts[code])) < 2}
    assert short == set()


def clauses(text: str) -> list[str]:
    """What happened, and what to do, are two sentences, or two halves of one; what stands in brackets is neither."""
    plain = re.sub(r"\([^)]*\)", "", text).strip()
    return [part for part in re.split(r"[.;:!?—]\s+|, hoặc\s+", plain) if len(part.strip()) > 3]


OUTSIDE_ATTEMPTS = (
    *(
        "access-pin-",
        "calibration-",
        "certificate-",
        "crl-",
        "evidence-",
        "master-list-",
        "model-",
        "softcard-",
    ),
    *("scanner-", "template-", "training-", "trust-", "vpcd-"),
)


@pytest.mark.parametrize(
    "code",
    sorted(
        code
        for code, error in every_error().items()
        if issubclass(error, ReaderError | BiometricsError) and not code.startswith(OUTSIDE_ATTEMPTS)
    ),
)
def test_every_reason_of_an_attempt_has_its_short_form_for_the_sheet(code: str) -> None:
    assert f"sheet.reason.{code}" in VI


@pytest.mark.parametrize("code", CODES)
def test_every_finding_has_both_texts(code: str) -> None:
    assert code in VI
    assert code in EN


def test_the_two_languages_have_the_same_keys_and_places() -> None:
    assert set(VI) == set(EN)
    for key in VI:
        places = [
            {name for _, name, _, _ in string.Formatter().parse(texts[key]) if name} for texts in (VI, EN)
        ]
        assert places[1] <= places[0], key  # English has no number words


def test_no_text_is_empty_or_left_in_the_other_language() -> None:
    same = {key for key in VI if VI[key] == EN[key] and len(re.sub(r"\{.*?\}|\W", "", VI[key])) > 12}
    assert all(VI[key].strip() and EN[key].strip() for key in VI)
    assert same <= {"doctor.sqlite", "day.part-passphrase", "day.part-passphrase-again"}  # both at once


def test_checks_verdicts_and_outcomes_have_names() -> None:
    for texts in (VI, EN):
        assert all(f"check.{name}" in texts for name in CheckName)
        assert all(f"chip-verdict.{name}" in texts for name in ChipVerdict)
        assert all(f"verdict.{name}" in texts for name in Verdict)
        assert all(f"outcome.{name}" in texts for name in Outcome)


def test_an_unknown_key_or_place_never_raises() -> None:
    assert VI.say("no-such-key") == "[no-such-key]"
    assert "—" in EN.say("bad-address")


def test_every_code_a_command_can_fail_with_has_both_texts() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in Path(proctor.__path__[0]).rglob("*.py"))
    codes = set(re.findall(r'CommandError\(\s*"([a-z-]+)"', source))
    assert len(codes) > 20
    assert codes <= set(VI)
    assert codes <= set(EN)


def test_codes_among_the_facts_are_spoken() -> None:
    text = load_texts("vi").say("outcome-differs", stated="passed", computed="failed")
    assert "passed" not in text
    assert "không đạt" in text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_the_window_says_instead_names_keys_and_pages_no_commands(language: str) -> None:
    every, at_window = load_texts(language), window_texts(language)
    own = {key.removeprefix("at-window."): every[key] for key in every if key.startswith("at-window.")}
    assert own
    for key, text in own.items():
        assert at_window[key] == text != every[key], key
        assert places(text) <= places(every[key]), key
        assert "--" not in text, key
        assert "proctor " not in text, key


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_lines_of_a_command_stand_in_a_row_as_sentences() -> None:
    assert in_a_row(("Đã bắt đầu (mục 4)", " Mã: ", "1765 …", "", "Theo mục 3")) == (
        "Đã bắt đầu (mục 4). Mã: 1765 … Theo mục 3"
    )
    assert in_a_row(()) == ""
    assert in_a_row(("Xong",)) == "Xong"
