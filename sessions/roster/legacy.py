"""Texts of the encodings from before Unicode: TCVN3 (ABC), VNI-Windows, Windows-1258.

In a CSV file they are bytes; in a workbook they are cells whose letters, read as Windows-1252, look like nothing.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

ENCODINGS: Final = ("utf-8", "utf-16", "cp1258", "tcvn3", "vni")
"""What `--encoding` takes."""
_VOWELS: Final = "aeiouyAEIOUYôöÔÖ"
_RUNS: Final = re.compile(r"[^\W\d_]+", re.UNICODE)
_HIGH_1252: Final = {
    code: bytes((code,)).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}


@dataclass(frozen=True, slots=True)
class _Tables:
    """What `encodings.toml` says: TCVN3 by letter, VNI by letter and by pair."""

    tcvn3: Mapping[int, str]
    vni_alone: Mapping[str, str]
    vni_marks: Mapping[str, str]


@cache
def _tables() -> _Tables:
    data: dict[str, Any] = tomllib.loads((files("sessions.roster") / "encodings.toml").read_text("utf-8"))
    tcvn3, alone, marks = data["tcvn3"], data["vni"]["alone"], data["vni"]["marks"]
    small = dict(zip(marks["from"], marks["to"], strict=True))
    return _Tables(
        tcvn3={ord(code): char for code, char in zip(tcvn3["from"], tcvn3["to"], strict=True)},
        vni_alone=dict(zip(alone["from"], alone["to"], strict=True)),
        vni_marks={**small, **{code.upper(): mark for code, mark in small.items()}},
    )


def as_windows_1252(data: bytes) -> str:
    """Return bytes as the letters a program without the font shows; the five empty places stay control characters."""
    return data.decode("latin-1").translate(_HIGH_1252)


def is_plain(text: str) -> bool:
    """Whether a text has ASCII letters alone: every encoding reads it alike."""
    return text.isascii()


def from_tcvn3(text: str) -> str:
    """Return the Vietnamese text of TCVN3 letters. A text with letters beyond its table is Unicode already."""
    if is_plain(text) or any(ord(char) > 0xFF and char.isalpha() for char in text):
        return text
    table = _tables().tcvn3
    turned = text.translate(table)
    lone = [char for char in text if char.isascii() and char.isalpha()]
    if len(lone) >= 2 and all(char.isupper() for char in lone):
        return (
            turned.upper()
        )  # typed with Caps Lock: the font .VnTimeH has no other codes for capitals with tones
    return _capital_first(text, _RUNS.sub(lambda run: _capital_word(run[0]), turned))


def _capital_first(text: str, turned: str) -> str:
    """Return a name whose every other word has a capital with one for "ánh" too: the font has no code for Á."""
    firsts = [(run.start(), run[0][0]) for run in _RUNS.finditer(turned)]
    plain = [char for _, char in firsts if char.isascii()]
    if not plain or not all(char.isupper() for char in plain):
        return turned
    places = {place for place, char in firsts if not char.isascii()} if len(text) == len(turned) else set()
    return "".join(char.upper() if place in places else char for place, char in enumerate(turned))


def _capital_word(word: str) -> str:
    """Return a word in capitals where its plain letters beyond the first are capitals."""
    plain = [char for char in word[1:] if char.isascii()]
    return word.upper() if plain and all(char.isupper() for char in plain) else word


def from_vni(text: str) -> str:
    """Return the Vietnamese text of VNI letters: a letter, then one that carries its marks."""
    if is_plain(text) or any(ord(char) > 0xFF and char.isalpha() for char in text):
        return text
    tables = _tables()
    out: list[str] = []
    base = ""
    for char in text:
        mark = tables.vni_marks.get(char) if base in _VOWELS and base else None
        out.append(mark if mark is not None else tables.vni_alone.get(char, char))
        base = "" if mark is not None else char
    return unicodedata.normalize("NFC", "".join(out))


def from_cp1258(data: bytes) -> str:
    """Return the text of Windows-1258, whose tones are letters of their own, in NFC. Raises UnicodeDecodeError."""
    return unicodedata.normalize("NFC", data.decode("cp1258"))


def convert(text: str, encoding: str) -> str:
    """Return a cell's text under an encoding: "tcvn3", "vni"; any other leaves it."""
    if encoding == "tcvn3":
        return from_tcvn3(text)
    return from_vni(text) if encoding == "vni" else text


# -- does it read as Vietnamese? -------------------------------------------------------------------

_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_SYLLABLE: Final = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnprstvx])?"
    r"(?:uyê|uôi|ươi|iêu|yêu|oai|oay|oeo|uây|uya|uyu|ươu|oao|"
    r"ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe|oi|ôi|ơi|oo|ua|uâ|uê|ui|uô|uơ|uy|ưa|ưi|ươ|ưu|yê|"
    r"[aăâeêioôơuưy])"
    r"(?:ch|ng|nh|[ckmnpt])?"
)
_UNICODE_ONLY: Final = re.compile(
    "[\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]|"
    "[A-Za-z\u00c0-\u00ff][\u0300-\u0303\u0306\u0309\u031b\u0323]"
)
_STOPPED: Final = re.compile(r".*(?:ch|[ckpt])")
_CLOSED_ONLY: Final = re.compile(r".*(?:ă|â|iê|yê|uyê|uô|ươ|oă|uâ)")


@cache
def is_syllable(word: str) -> bool:
    """Whether a word can be a Vietnamese syllable: letters, at most one tone, and a tone that its end allows."""
    tones: list[str] = []
    letters: list[str] = []
    for char in unicodedata.normalize("NFD", word.lower()):
        (tones if char in _TONES else letters).append(char)
    plain = unicodedata.normalize("NFC", "".join(letters))
    if len(tones) > 1 or not _SYLLABLE.fullmatch(plain) or _CLOSED_ONLY.fullmatch(plain):
        return False
    return not (_STOPPED.fullmatch(plain) and tones and tones[0] not in "\u0301\u0323")


def vietnamese_score(texts: Iterable[str]) -> tuple[float, int]:
    """Return the share (0.0 to 1.0) of words with a letter beyond ASCII that are Vietnamese, and how many such words.

    Words in ASCII say nothing: every encoding reads them alike. Letters that change case within a word count as half.
    """
    good, total = 0.0, 0
    for text in texts:
        for word in _words(unicodedata.normalize("NFC", text)):
            if not word.isascii():
                total += 1
                good += _worth(word)
    return (good / total if total else 1.0), total


def is_unicode(text: str) -> bool:
    """Whether a text has Vietnamese letters that only Unicode has: composed beyond Latin-1, or with combining marks."""
    return _UNICODE_ONLY.search(text) is not None


def _words(text: str) -> list[str]:
    return re.split(r"[\s\d.,;:/()\-\"'|+]+", text.replace("\u00a0", " "))


def _worth(word: str) -> float:
    if not word or not is_syllable(word):
        return 0.0
    return 1.0 if word.islower() or word.isupper() or word.istitle() else 0.5
