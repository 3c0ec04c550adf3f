"""What the window says names keys, pages and people: no command, no option, no code of the program's own."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

import proctor
from proctor.cli import build_parser
from proctor.texts import load_texts, window_texts
from proctor.usage import Parser

DOCS = Path(proctor.__path__[0]).parent / "docs"
NEVER_SHOWN: dict[str, str] = {
    "at-window.*": "what is shown instead of another text",
    "help.*": "the command line's own help",
    "usage.*": "wrong words on the command line; the window makes its words itself",
    "calibrate*": "`calibrate`",
    "calibration-image-missing": "the same",
    "calibration-too-few*": "the same",
    "calibration-score-invalid": "the same",
    "calibration-none-in-use": "`face calibration off`",
    "calibration-sign*": "`face calibration use`",
    "split-*": "dividing a session (`session split`)",
    "part-other-kind": "taking a part over (`session import-part`)",
    "part-exists": "the same",
    "merge-*": "`session merge`",
    "day.handed-over": "`session hand-over`",
    "day.conflict-added": "`session merge`",
    "evidence-time-unproven": "`chip verify-evidence`",
    "face-search.*": "`face search`, after the session",
    "result.left-out": "`keys rotate`",
    "*-options": "options of keys and restore; forms of the window always give them",
    "rotation-refused*": "`keys rotate`",
    "restore-*": "`restore`: there is no station yet to open",
    "department-key-invalid": "`keys department`",
    "backup-invalid": "`restore`",
    "backup-altered": "the same",
    "model-none-in-use": "`face model off`",
    "pack-skipped.*": "`pack verify`, at the department",
    "pack-malformed": "the same",
    "pack-entry-form": "the same",
    "pack-session-differs": "the same",
    "pad-*": "`pad` reports and recordings",
    "pad.*": "the same",
    "result.totp-next": "`user totp`",
    "totp-not-begun": "the same",
    "print-wait": "the window always says 0",
    "secrets-fd-unreadable": "an option of the command line",
    "log-key-needed": "`log` of a file",
    "result.log-mode-quick": "the same",
    "export-target": "the same",
    "show-what": "the same",
    "station.*": "said in the terminal that the window was begun from",
    "no-display": "there is no window",
    "no-tk": "the same",
    "result.verify-hint": "`training --headless`",
    "softcard-*": "`softcard`",
    "progress.softcard": "the same",
    "training-recording-refused": "`chip read --record`",
    "scene-unknown*": "cameras of tests",
    "vpcd-unreachable": "the same",
    "replay-*": "`replay`",
    "report-*": "`report`",
    "report17.*": "the same",
    "result.report-*": "the same",
    "pictures.*": "the same",
    "prior-*": "`prior`",
    "roster.*": "`roster check`, in words of its own at the window",
    "rules.confirmations-unseen": "the window is always logged in",
    "rules-one-of": "the window names the rules",
    "trust.log.not-read": "the window is always logged in",
    "signing-authority-*": "`sheets authority`",
    "signing-crl-file*": "the same",
    "template.*": "`sheets template`",
    "sheet-template-none": "the same",
    "stamp-*": "`sheets stamp`",
    "witness-folder-invalid": "the witness's own machine",
    "witness-option-invalid": "`witness add`",
    "witness-notice-*": "the witness's own machine",
    "anchor.fetched": "`anchor fetch`",
    "anchor-state.*": "`restore` and `log verify`",
}
"""Texts that no page of the window runs into, by what they belong to. What is not here must read well at the window."""

WORDS_WITH_HYPHENS: dict[str, str] = {
    "nguoi-thu-hai": "an example of a user id",
    "yeu-cau": "an example of a reason's code, which somebody types",
    "khieu-nai": "the same",
    "python-pkcs11": "a package",
}
A_SENTENCE = frozenset(
    {
        *("admin-page.printer", "print.line.meanwhile", "print.line.why", "record-not-written"),
        *("window.detail.refused", "window.detail.changed", "window.detail.guessed", "window.detail.warned"),
        *("window.detail.passed", "backup-without-keys", "camera.virtual"),
    }
)
"""Texts whose `{why}` is words already: whoever says them looks the words up."""


def parsers(parser: object) -> set[str]:
    """Return the first words of every command."""
    actions = getattr(parser, "_subparsers")._group_actions  # noqa: B009 - argparse has no other way
    return set(actions[0].choices)


COMMANDS = parsers(build_parser(Parser))
COMMAND = re.compile(
    rf"\bproctor (?:{'|'.join(sorted(COMMANDS))})\b|(?<!\w)--[a-z]|\bpip install|\bapt-get\b"
)
CODE = re.compile(r"(?<![\w/.{…-])[a-z]{3,}(?:-[a-z0-9]+)+(?![\w/.}-])")


def at_window(language: str) -> dict[str, str]:
    """Return every text that can be read at the window."""
    texts = window_texts(language)
    return {key: texts[key] for key in texts if not any(fnmatch(key, each) for each in NEVER_SHOWN)}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_text_at_the_window_names_a_command(language: str) -> None:
    assert {"station", "keys", "user", "backup"} <= COMMANDS
    shown = at_window(language)
    assert len(shown) > 2_000
    assert {key: text for key, text in shown.items() if COMMAND.search(text)} == {}


def test_no_text_at_the_window_has_a_code_for_a_word() -> None:
    """Vietnamese has no words with hyphens of small letters without marks; English has."""
    codes = {key: set(CODE.findall(text)) - set(WORDS_WITH_HYPHENS) for key, text in at_window("vi").items()}
    assert {key: found for key, found in codes.items() if found} == {}


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("place", ["why", "proof", "roles", "check"])
def test_places_whose_values_are_codes_are_left_out(language: str, place: str) -> None:
    shown = at_window(language)
    having = {key for key, text in shown.items() if f"{{{place}}}" in text}
    assert having <= A_SENTENCE | SPOKEN.get(place, frozenset()), having


SPOKEN: dict[str, frozenset[str]] = {
    "proof": frozenset({"paper.slip.by-two"}),
    "roles": frozenset({"incident-page.decide.who", "rules.show.second", "sheets-page.made.signed"}),
    "check": frozenset(),
}
"""Texts that are given the value in words."""


@pytest.mark.parametrize("language", ["vi", "en"])
def test_pages_of_the_docs_that_the_window_names_are_there(language: str) -> None:
    named = {name for text in at_window(language).values() for name in re.findall(r"[\w-]+\.md", text)}
    assert {"records.md", "people.md", "witness.md"} <= named
    assert {name for name in named if not (DOCS / name).exists()} == set()


def test_each_exception_is_of_some_text() -> None:
    every = load_texts("vi")
    assert [each for each in NEVER_SHOWN if not any(fnmatch(key, each) for key in every)] == []
    assert set(A_SENTENCE) <= set(every)
