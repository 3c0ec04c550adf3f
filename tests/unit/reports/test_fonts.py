import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.fonts import Face, fit, font_file, justified, missing_letters, narrowed, width
from reports.pdf import draw
from reports.sheet import Closing, Paragraph
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import LONG_NAME, LONG_WORD, sheet_of, signer

VOWELS = "aăâeêioôơuưy"
TONES = "\u0300\u0301\u0303\u0309\u0323"
LETTERS = (
    "".join(unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in ("", *TONES))
    + "bcdđghklmnpqrstvx"
)
PRECOMPOSED = sorted({letter for letter in LETTERS + LETTERS.upper() if not letter.isascii()})
FACES = {
    Face.REGULAR: (False, False),
    Face.BOLD: (True, False),
    Face.ITALIC: (False, True),
    Face.BOLD_ITALIC: (True, True),
}


def test_there_are_134_precomposed_letters():
    assert len(PRECOMPOSED) == 134
    assert all(unicodedata.is_normalized("NFC", letter) and len(letter) == 1 for letter in PRECOMPOSED)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("face", list(FACES))
def test_every_precomposed_letter_is_printed_in_every_face_from_either_form(face: Face, form: str):
    strong, italic = FACES[face]
    text = unicodedata.normalize(form, " ".join(PRECOMPOSED))
    sheet = sheet_of([])
    letter = replace(
        sheet,
        columns=(),
        portrait=True,
        body=(Paragraph(text=text, strong=strong, italic=italic),),
        closing=Closing(totals=(), remarks=(), recipients_label="", recipients=(), signatures=()),
    )
    (page,) = page_texts(draw(letter, signer()).pdf)
    assert " ".join(PRECOMPOSED) in " ".join(page.split())


@pytest.mark.parametrize("face", list(FACES))
def test_every_precomposed_letter_has_a_glyph_of_its_own_in_every_face(face: Face):
    assert missing_letters("".join(PRECOMPOSED), face) == ""
    assert all(width(letter, face, 10) > 0 for letter in PRECOMPOSED)


def test_a_justified_paragraph_ends_at_the_margin_but_for_its_last_line():
    lines = justified("một hai ba bốn " * 30, Face.REGULAR, 13, 300, indent=28)
    assert lines[0].indent == 28
    ends = [line.indent + line.width + line.spacing * line.text.count(" ") for line in lines]
    assert ends[:-1] == pytest.approx([300] * (len(lines) - 1))
    assert lines[-1].spacing == 0
    assert " ".join(line.text for line in lines).split() == ("một hai ba bốn " * 30).split()


def test_a_line_is_narrowed_only_as_far_as_it_must():
    (line,) = fit("0123456789", Face.REGULAR, 8, 500)
    assert narrowed(line, 500) == line
    assert narrowed(line, 20).width == pytest.approx(20)


def test_every_vietnamese_letter_has_a_glyph():
    assert missing_letters(LETTERS + LETTERS.upper() + "0123456789 –—…·•().,;:/|+-'\"") == ""


def test_a_letter_without_a_glyph_is_named():
    assert missing_letters("MẪU 字") == "字"


@pytest.mark.parametrize("face", list(Face))
def test_every_face_is_its_own_file(face: Face):
    assert font_file(face).read_bytes()[:4] == b"\x00\x01\x00\x00"


def test_a_long_name_wraps_between_words_at_full_width():
    lines = fit(LONG_NAME, Face.REGULAR, 10, 115)
    assert len(LONG_NAME) > 45
    assert " ".join(line.text for line in lines) == LONG_NAME
    assert {line.scale for line in lines} == {1.0}
    assert all(line.width <= 115 for line in lines)


def test_a_word_slightly_too_wide_is_narrowed_whole():
    room = width("KANCHANARA", Face.REGULAR, 10) * 0.8
    (line,) = fit("KANCHANARA", Face.REGULAR, 10, room)
    assert line.text == "KANCHANARA"
    assert line.scale == pytest.approx(0.8)


def test_a_word_far_too_wide_is_divided_and_stays_readable():
    lines = fit(LONG_WORD, Face.REGULAR, 10, 60)
    assert "".join(line.text for line in lines) == LONG_WORD
    assert all(line.scale >= 0.7 - 1e-9 for line in lines)


def test_marks_stay_with_their_letter_where_a_word_is_divided():
    word = "q\u0323\u0302" * 30
    for line in fit(word, Face.REGULAR, 10, 40):
        assert not unicodedata.combining(line.text[0])


@given(st.text(alphabet=LETTERS + LETTERS.upper() + " ", max_size=120), st.integers(20, 200))
def test_no_letter_is_ever_lost_and_no_line_too_wide(text: str, room: int):
    lines = fit(text, Face.BOLD, 10, room)
    assert "".join(line.text for line in lines).replace(" ", "") == text.replace(" ", "")
    assert all(line.width <= room + 1e-6 for line in lines)
