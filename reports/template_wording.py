"""What an agency's own words on a sheet must not say: that it is the council's paper, or how anybody did. Pure.

Compared without case, accents or the spaces between letters, so that no spelling slips through; letters of other
scripts that look like ours are refused as such.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_COUNCIL: Final = ("hội đồng",)
_RULING: Final = ("kết luận", "conclusion", "official result")
_MINUTES: Final = ("biên bản",)
_COUNCIL_MINUTES: Final = (
    "biên bản hội đồng",
    "biên bản của hội đồng",
    "biên bản tổng hợp",
    "biên bản sát hạch",
)
_JUDGED: Final = ("đúng người", "chưa chắc", "không nhận", "trùng khớp", "không khớp", "trúng tuyển")
_PHRASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "parent": (*_COUNCIL, *_RULING, *_MINUTES, "kết quả", "thí sinh", "số báo danh"),
        "agency": (*_COUNCIL, *_RULING, *_MINUTES, "kết quả", "thí sinh", "số báo danh"),
        "locality": (*_COUNCIL, *_RULING, *_MINUTES, "kết quả", "thí sinh", "số báo danh"),
        "symbol": (*_COUNCIL, *_RULING, *_MINUTES, "kết quả"),
        "recipients": (*_RULING, *_COUNCIL_MINUTES, *_JUDGED),
        "signatures": (*_RULING, *_COUNCIL_MINUTES, *_JUDGED),
        "heading": (*_COUNCIL, *_RULING, *_MINUTES, *_JUDGED, "kết quả"),
    }
)
"""By key of the template: phrases that it must not have."""
_OUTCOMES: Final = ("đạt", "trượt", "rớt", "passed", "failed")
_CODES: Final = frozenset({"DA", "RO", "VA"})
_TELLING: Final = frozenset({"recipients", "signatures", "heading"})
_HEADS: Final = frozenset({"parent", "agency", "locality", "symbol"})
_NUMBER: Final = re.compile(r"\d(?:[\s._\-\u2013\u2014]*\d){2,}")
_ROLE: Final = re.compile(r"[^\W\d_]+(?:[ ,.-]|[^\W\d_]|(?<!\d)\d(?!\d))*")
_COUNCIL_SYMBOL: Final = re.compile(r"(?:bb|hđ|hdsh|hdth)|.*h[đd]sh")
_SOCIAL: Final = re.compile(r"xã hội (?:đông|đồng (?:nai|tháp))(?![^\W_])")
"""A social office of a place whose name, behind that word, reads as a council's does."""
_OFFICIAL: Final = re.compile(r"ch[íi]nh[\W_]*th[ứu]c(?![^\W_])")
_PASSED: Final = re.compile(r"(?:thí sinh|thi|đã)[\W_]+(?:đỗ|đậu)(?![^\W_])")


def alien_letter(text: str) -> str:
    """Return the first letter, digit or mark that is not Vietnamese or plain Latin, though it may look so; or ""."""
    for char in unicodedata.normalize("NFKC", text):
        base = unicodedata.normalize("NFD", char)[0].casefold()
        kind = unicodedata.category(char)
        if kind.startswith("L") and not ("a" <= base <= "z" or base in "đð"):
            return char
        if kind.startswith("M") or (kind.startswith("N") and not char.isascii()):
            return char
    return ""


def forbidden(key: str, text: str) -> tuple[str, str]:
    """Return why a key of the template must not have this text, and the words in question; ("", "") where it may.

    Causes: "council" (the council's or minutes), "outcome", "number" (as of a candidate), "role" (other than a title).
    """
    folded = _folded(text)
    if key == "symbol" and (part := _council_part(folded)):
        return "council", part.upper()
    if phrase := _phrase(key, folded):
        return ("council" if phrase in (*_COUNCIL, *_MINUTES, *_COUNCIL_MINUTES) else "outcome"), phrase
    outcome, number = _outcome(text, folded), _NUMBER.search(folded)
    if outcome and (key in _TELLING or (key in _HEADS and number)):
        return "outcome", outcome
    if number and key in _TELLING:
        return "number", number[0]
    if key == "signatures" and not _ROLE.fullmatch(folded):
        return "role", next((char for char in folded if not (char.isalnum() or char in " ,.-")), folded[:1])
    return "", ""


def _folded(text: str) -> str:
    """Return a text without case, compatibility forms and what is not seen, composed."""
    seen = "".join(char for char in text if unicodedata.category(char) not in {"Cf", "Cc"} or char.isspace())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    return folded.replace("ð", "đ")


def _plain(text: str) -> str:
    """Return a folded text without accents."""
    bare = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return bare.replace("đ", "d")


def _squeezed(folded: str) -> str:
    return "".join(char for char in _plain(folded) if char.isalnum())


def _phrase(key: str, folded: str) -> str:
    if found := _OFFICIAL.search(folded) or _PASSED.search(folded):
        return found[0]
    text = _squeezed(_SOCIAL.sub("", folded))
    return next((phrase for phrase in _PHRASES[key] if _squeezed(phrase) in text), "")


def _outcome(text: str, folded: str) -> str:
    """Return the word of outcome in a text: with its accents, without any, or spelt letter by letter."""
    words = _words(folded)
    for outcome in _OUTCOMES:
        if {outcome, _plain(outcome), "đ" + _plain(outcome)[1:]} & words:
            return outcome
    codes = _CODES & set(re.findall(r"\w+", unicodedata.normalize("NFKC", text)))
    return min(codes, default="")


def _words(folded: str) -> frozenset[str]:
    """Return the words of a text; letters that stand alone one after the other are one word."""
    words = re.findall(r"[^\W_]+", folded)
    spaced = re.findall(r"(?:(?<![^\W_])[^\W\d_](?:[\W_]+|$)){2,}", folded)
    joined = ("".join(re.findall(r"[^\W_]", run)) for run in spaced)
    return frozenset((*words, *joined))


def _council_part(folded: str) -> str:
    """Return the part of a symbol that stands for minutes or a council."""
    return next((word for word in sorted(_words(folded)) if _COUNCIL_SYMBOL.match(word)), "")
