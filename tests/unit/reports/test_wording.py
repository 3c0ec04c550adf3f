import unicodedata

import pytest

from reports.errors import TextMissingError
from reports.wording import clean, say


def test_text_comes_out_in_nfc_on_one_line():
    assert clean(unicodedata.normalize("NFD", "  NGUYỄN\u00a0VĂN\n MẪU ")) == "NGUYỄN VĂN MẪU"


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u2066", "\x00", "\x1b", "\ufeff", "\ue000"])
def test_letters_that_hide_or_turn_text_are_dropped(hidden: str):
    assert clean(f"MẪ{hidden}U") == "MẪU"


def test_places_are_filled():
    assert say({"k": "{count} ({words})"}, "k", count=7, words="bảy") == "7 (bảy)"


@pytest.mark.parametrize("texts", [{}, {"k": "{other}"}, {"k": "{0}"}, {"k": "{"}])
def test_a_text_that_cannot_be_said_is_an_error_with_its_key(texts: dict[str, str]):
    with pytest.raises(TextMissingError) as caught:
        say(texts, "k", count=1)
    assert caught.value.facts == {"key": "k"}
