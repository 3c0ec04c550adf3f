"""Which column of a table is which: headings in Vietnamese and English, with and without marks."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

REQUIRED: Final = ("sbd", "name", "birth", "number")
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "sbd": ("SBD", "số báo danh", "mã dự thi", "candidate number", "candidate no", "candidate"),
    "name": ("họ và tên", "họ tên", "họ tên thí sinh", "họ và tên thí sinh", "name", "full name"),
    "family": ("họ đệm", "họ và đệm", "họ và tên đệm", "họ lót", "họ và chữ đệm", "họ", "family name"),
    "given": ("tên", "given name"),
    "birth": (
        "ngày sinh",
        "ngày tháng năm sinh",
        "năm sinh",
        "ngày năm sinh",
        "birth date",
        "date of birth",
        "birth",
        "birthday",
        "dob",
    ),
    "number": (
        "số định danh",
        "số định danh cá nhân",
        "mã định danh",
        "định danh",
        "CCCD",
        "số CCCD",
        "căn cước",
        "số căn cước",
        "căn cước công dân",
        "số căn cước công dân",
        "số chứng minh",
        "số chứng minh nhân dân",
        "CMND",
        "số CMND",
        "CMND/CCCD",
        "CCCD/CMND",
        "số CMND/CCCD",
        "số CCCD/CMND",
        "số CCCD/định danh",
        "ID",
        "ID number",
        "identity number",
        "national ID",
        "personal number",
        "number",
        "12-digit number",
    ),
    "class": (
        "hạng",
        "hạng GPLX",
        "hạng sát hạch",
        "hạng xe",
        "hạng thi",
        "lớp",
        "class",
        "licence class",
        "license class",
    ),
    "room": ("phòng", "phòng thi", "số phòng", "room"),
    "seat": ("chỗ", "chỗ ngồi", "số chỗ", "ghế", "số ghế", "số máy", "seat"),
    "subject": ("môn", "môn thi", "subject"),
    "shift": ("ca", "ca thi", "buổi", "buổi thi", "shift"),
    "components": (
        "nội dung",
        "nội dung thi",
        "nội dung sát hạch",
        "phần thi",
        "phần sát hạch",
        "components",
        "component",
    ),
}


def fold(text: str) -> str:
    """Return a heading's letters and digits without case, marks, spaces and punctuation."""
    decomposed = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d").replace("ð", "d")
    return "".join(char for char in decomposed if char.isalnum())


_FIELDS: Final = {fold(name): field for field, names in _SYNONYMS.items() for name in names}


def match_heading(cells: Sequence[str]) -> dict[str, int]:
    """Return field → column index of a row of headings; the first of two equal columns counts."""
    found: dict[str, int] = {}
    for index, cell in enumerate(cells):
        field = _FIELDS.get(fold(cell))
        if field is not None:
            found.setdefault(field, index)
    return found


def missing_fields(found: Mapping[str, int]) -> tuple[str, ...]:
    """Return the required fields that a heading lacks; family and given name together make a name."""
    has_name = "name" in found or {"family", "given"} <= found.keys()
    return tuple(name for name in REQUIRED if name not in found and not (name == "name" and has_name))
