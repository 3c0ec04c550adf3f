import string
import tomllib
from pathlib import Path

import pytest

import proctor
from reports import errors
from reports.errors import PdfAlteredError, ReportsError
from tests.support.reports_sheets import texts

FOLDER = Path(proctor.__file__).parent / "text"
CLASSES = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ReportsError)
]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.code)
def test_every_code_has_a_text_that_says_what_to_do(error: type[ReportsError], language: str):
    said = texts(language)[error.code]
    assert said.count(".") + said.count(";") >= 2
    assert "Traceback" not in said


def test_codes_are_unique():
    assert len({error.code for error in CLASSES}) == len(CLASSES)


def test_both_languages_have_the_same_keys_and_places():
    vietnamese, english = texts("vi"), texts("en")
    assert set(vietnamese) == set(english)
    for key, text in english.items():
        assert _places(text) <= _places(vietnamese[key]), key


def test_our_keys_are_ours_alone():
    for language in ("vi", "en"):
        ours = tomllib.loads((FOLDER / language / "reports.toml").read_text(encoding="utf-8"))
        for file in (FOLDER / language).glob("*.toml"):
            if file.name != "reports.toml":
                others = tomllib.loads(file.read_text(encoding="utf-8"))
                assert not set(others) & set(ours), file.name


def test_an_error_shows_its_code_and_facts():
    error = PdfAlteredError(why="added-to")
    assert str(error) == "sheet-file-altered (why=added-to)"
    assert error.facts == {"why": "added-to"}
    assert error.conclusive


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
