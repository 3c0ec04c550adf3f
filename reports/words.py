"""Whole numbers in Vietnamese words, as totals on paper carry them."""

from __future__ import annotations

from typing import Final

LIMIT: Final = 10**12
_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_GROUPS: Final = ("", " nghìn", " triệu", " tỷ")


def number_words(number: int) -> str:
    """Return the words of 0 ≤ number < 10**12, lower case: 1005 → "một nghìn không trăm linh năm".

    Northern standard forms (nghìn, linh); "mốt", "tư", "lăm" after a ten. Raises ValueError outside the range.
    """
    if isinstance(number, bool) or not 0 <= number < LIMIT:
        raise ValueError("a number in words runs from 0 to 999,999,999,999")
    if number == 0:
        return _DIGITS[0]
    groups = []
    rest = number
    while rest:
        rest, group = divmod(rest, 1000)
        groups.append((group, rest > 0))
    spoken = [
        _group_words(group, leading=not higher) + _GROUPS[index]
        for index, (group, higher) in enumerate(groups)
        if group
    ]
    return " ".join(reversed(spoken))


def _group_words(group: int, *, leading: bool) -> str:
    """Return the words of 1 ≤ group ≤ 999; a group that does not lead says its hundreds even when zero."""
    hundreds, rest = divmod(group, 100)
    tens, ones = divmod(rest, 10)
    words = []
    if hundreds or not leading:
        words += [_DIGITS[hundreds], "trăm"]
    if tens == 0 and ones and words:
        words.append("linh")
    elif tens == 1:
        words.append("mười")
    elif tens > 1:
        words += [_DIGITS[tens], "mươi"]
    if ones:
        words.append(_one_word(ones, tens))
    return " ".join(words)


def _one_word(ones: int, tens: int) -> str:
    if ones == 5 and tens:
        return "lăm"
    if tens > 1 and ones in {1, 4}:
        return "mốt" if ones == 1 else "tư"
    return _DIGITS[ones]
