"""Each error has one code, a text in both languages, and tells nothing but its code and facts."""

import inspect
import pickle
import tomllib
from pathlib import Path

import pytest

from readers import errors

TEXTS = Path(__file__).resolve().parents[3] / "proctor" / "text"
CLASSES = [
    item for _, item in inspect.getmembers(errors, inspect.isclass) if item.__module__ == "readers.errors"
]
OWN = [item for item in CLASSES if "code" in vars(item)]


def test_every_class_has_a_code():
    assert {item for item in CLASSES if not hasattr(item, "code")} == {errors.ReaderError}


def test_codes_are_unique_and_kebab_case():
    codes = [item.code for item in OWN]
    assert len(codes) == len(set(codes))
    assert all(code == code.lower() and "_" not in code and " " not in code for code in codes)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_code_has_a_text(language):
    table = tomllib.loads((TEXTS / language / "readers.toml").read_text(encoding="utf-8"))
    assert {item.code for item in OWN} <= table.keys()
    assert all(text.strip().endswith(".") and "Traceback" not in text for text in table.values())


def test_both_languages_have_the_same_keys():
    tables = [
        tomllib.loads((TEXTS / language / "readers.toml").read_text("utf-8")) for language in ("vi", "en")
    ]
    assert tables[0].keys() == tables[1].keys()


def test_text_of_an_error_is_its_code_and_facts():
    error = errors.AccessDeniedError(tries=2, sw="6300")
    assert str(error) == "access-wrong-key tries=2 sw=6300"
    assert dict(error.facts) == {"tries": 2, "sw": "6300"}


def test_errors_cross_process_boundaries():
    error = pickle.loads(pickle.dumps(errors.AccessDeniedError(tries=2)))  # noqa: S301
    assert isinstance(error, errors.AccessDeniedError)
    assert error.facts == {"tries": 2}


def test_only_evidence_against_the_card_is_conclusive():
    conclusive = {item.code for item in OWN if item.conclusive}
    assert conclusive == {
        "aa-failed",
        "access-downgrade",
        "bac-failed",
        "ca-failed",
        "card-expired",
        "evidence-altered",
        "evidence-challenge",
        "evidence-claim",
        "evidence-time",
        "pace-failed",
        "qr-card-mismatch",
    }
