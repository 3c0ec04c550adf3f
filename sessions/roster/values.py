"""What one cell of a roster means: a text, a number, a date; what was changed or guessed on the way, or why not.

`cells.py` is the older reading of CSV texts and stays as it is, since rosters of form 1 are read with it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final, Generic, TypeVar

from sessions.roster.cells import CellError, number_fits
from sessions.roster.model import PartialDate
from sessions.roster.names import display_form
from sessions.roster.notes import CHANGE, GUESS, WARNING, Note
from sessions.roster.odd_names import odd_names
from sessions.roster.table import MAX_CELL, Cell

T = TypeVar("T")

_ODD: Final = re.compile(
    "[\u00a0\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)
_D_LIKE: Final = str.maketrans({"\u00d0": "Đ", "\u00f0": "đ", "\u0189": "Đ", "\u0256": "đ"})
_QUOTED: Final = re.compile(r'=\s*"(.*)"', re.DOTALL)
_FORMULA: Final = re.compile(r"[=@+\t\r]|-[^\W\d]")
_SBD: Final = re.compile(r"[0-9A-Za-zĐđ][0-9A-Za-zĐđ./_-]{0,15}")
_DIGIT_LIKE: Final = str.maketrans({"o": "0", "O": "0", "l": "1", "I": "1", "|": "1", "О": "0", "о": "0"})


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """A cell's meaning and what happened on the way to it."""

    value: T
    notes: tuple[Note, ...] = ()


def shown(cell: Cell) -> str:
    """Return a cell as a person would read it in the file: whole numbers without a point, dates with the day first."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if abs(cell) < 1e15 and cell.is_integer() else repr(cell)
    if isinstance(cell, (date, datetime)):
        return f"{cell.day:02d}/{cell.month:02d}/{cell.year:04d}"
    return cell.isoformat("minutes") if isinstance(cell, time) else str(cell)


def read_text(cell: Cell) -> Value[str]:
    """Return a cell's text: NFC, usual spaces, nothing invisible, without what spreadsheets put around it.

    Raises CellError "roster-cell-too-long".
    """
    raw = shown(cell)
    if len(raw) > 4 * MAX_CELL:
        raise CellError("roster-cell-too-long")
    if raw.isalnum() and raw.isascii():
        return Value(raw) if len(raw) <= MAX_CELL else _too_long()
    odd = _ODD.search(raw.strip()) is not None
    composed = raw.isascii() or unicodedata.is_normalized("NFC", raw)
    text = " ".join(raw.split()) if composed and not odd and raw.isprintable() else display_form(raw)
    quoted = _QUOTED.fullmatch(text)
    text = (quoted[1] if quoted else text.removeprefix("'")).strip()
    if len(text) > MAX_CELL:
        raise CellError("roster-cell-too-long")
    if odd:
        return Value(text, (Note(CHANGE, "roster-text-invisible", raw, text),))
    return Value(text, () if composed else (Note(CHANGE, "roster-text-nfc", raw, text),))


def _too_long() -> Value[str]:
    raise CellError("roster-cell-too-long")


def read_name(cell: Cell) -> Value[str]:
    """Return a name in NFC, with the Vietnamese Đ. Raises CellError."""
    read = read_text(cell)
    text, notes = read.value, list(read.notes)
    if not text:
        raise CellError("roster-name-missing")
    if _FORMULA.match(text):
        raise CellError("roster-formula-text")
    if "\ufffd" in text or "?" in text:
        raise CellError("roster-name-lost-letters")
    turned = text.translate(_D_LIKE)
    if turned != text:
        notes.append(Note(CHANGE, "roster-text-dstroke", text, turned))
    letters = sum(char.isalpha() for char in turned)
    if letters < 2 or len(turned) > 120 or any(char.isdigit() or char in "=<>@|\\{}[]" for char in turned):
        raise CellError("roster-name-invalid")
    return Value(turned, (*notes, *odd_names(turned)))


def read_sbd(cell: Cell) -> Value[str]:
    """Return a candidate number as written, a letter O among digits as zero. Raises CellError."""
    read = read_text(cell)
    text, notes = read.value, list(read.notes)
    if not text:
        raise CellError("roster-sbd-missing")
    if _FORMULA.match(text):
        raise CellError("roster-formula-text")
    if re.fullmatch(r"\d{1,15}\.0+", text):
        whole = text.split(".")[0]
        notes.append(Note(CHANGE, "roster-sbd-whole", text, whole))
        text = whole
    turned = _digits_like(text)
    if turned != text and any(char.isdigit() for char in text):
        notes.append(Note(CHANGE, "roster-sbd-letter-o", text, turned))
        text = turned
    if not _SBD.fullmatch(text) or not text.strip("0./_-"):
        raise CellError("roster-sbd-invalid")
    return Value(text, tuple(notes))


def _digits_like(text: str) -> str:
    """Return a text with O, l and I as digits where nothing but digits is left then; else the text."""
    if text.isascii() and text.isdigit():
        return text
    turned = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text).translate(
        _DIGIT_LIKE
    )
    return turned if turned.isascii() and turned.isdigit() else text


# -- numbers ---------------------------------------------------------------------------------------

_LABEL: Final = re.compile(r"(?:số\s*)?(?:CCCD|CMND|CMT|ĐDCN|CC|ID)?\s*(?:số)?\s*:?\s*", re.IGNORECASE)
_SCIENTIFIC: Final = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?0?(\d{1,2})")
_PASSPORT: Final = re.compile(r"[A-Za-z]{1,2}\d{6,8}")
_FRACTION: Final = re.compile(r"\d{5,}[.,]\d*[1-9]\d*")
_BELOW_ZERO: Final = re.compile(r"[-\u2010-\u2015\u2212]\s*\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What a row says of its candidate's papers: 12 digits, an old number of nine, a passport's; "" each for none."""

    number: str = field(default="", repr=False)
    old: str = field(default="", repr=False)
    passport: str = field(default="", repr=False)


def twelve_digits(cell: Cell) -> str:
    """Return what the 12 digits are if zeros were lost at the front, or "": to find a century, never to be used."""
    digits = re.sub(r"\D", "", shown(cell))
    return digits.zfill(12) if len(digits) in {10, 11, 12} else ""


def read_number(cell: Cell, birth: PartialDate | None) -> Value[Numbers]:
    """Return the number or numbers of a cell. Raises CellError.

    Zeros lost at the front come back only where the birth year confirms them. Nine digits are an old number and a
    letter with digits a passport: they are kept as what they are, and say nothing of the 12 digits.
    """
    read = read_text(cell)
    text = read.value
    if len(text) == 12 and text.isascii() and text.isdigit():
        return Value(Numbers(number=text), read.notes)
    if not text:
        raise CellError("roster-number-missing")
    if _FORMULA.match(text) and not text.startswith("+"):
        raise CellError("roster-formula-text")
    both = _two_numbers(text)
    if both is not None:
        return Value(both, (*read.notes, Note(CHANGE, "roster-number-two", text, both.number)))
    plain, notes = _plain_digits(text)
    notes = [*read.notes, *notes]
    if _PASSPORT.fullmatch(plain):
        return Value(
            Numbers(passport=plain.upper()), (*notes, Note(WARNING, "roster-number-passport", text, ""))
        )
    if not (plain.isascii() and plain.isdigit()):
        raise CellError("roster-number-invalid")
    return _by_length(plain, birth, tuple(notes), stored=not isinstance(cell, str))


def _by_length(
    plain: str, birth: PartialDate | None, notes: tuple[Note, ...], *, stored: bool
) -> Value[Numbers]:
    if len(plain) == 12:
        return Value(Numbers(number=plain), notes)
    if len(plain) in {10, 11}:
        whole = plain.zfill(12)
        if birth is None or not number_fits(whole, birth):
            raise CellError("roster-number-zeros")
        return Value(
            Numbers(number=whole), (*notes, Note(CHANGE, "roster-number-zeros-restored", plain, whole))
        )
    if len(plain) == 9 or (len(plain) == 8 and stored):
        whole = plain.zfill(9)
        notes = notes if whole == plain else (*notes, Note(GUESS, "roster-number-old-zero", plain, whole))
        return Value(Numbers(old=whole), (*notes, Note(WARNING, "roster-number-old-used", plain, "")))
    raise CellError("roster-number-invalid")


def _plain_digits(text: str) -> tuple[str, list[Note]]:
    """Return a number's digits without labels, separators, letters that look like digits, and what was changed."""
    notes: list[Note] = []
    if found := _SCIENTIFIC.fullmatch(text):
        more = found[2] or ""
        if len(more) < int(found[3]) and len(more) < 9:
            raise CellError("roster-number-scientific")
        whole = found[1] + more[: int(found[3])].ljust(int(found[3]), "0")
        return whole, [*notes, Note(CHANGE, "roster-number-expanded", text, whole)]
    if _FRACTION.fullmatch(text.lstrip("-+")) or _BELOW_ZERO.match(text):
        raise CellError("roster-number-fraction")
    plain = _LABEL.sub("", text, count=1) if not text[:1].isdigit() else text
    plain = re.sub(r"[.,]0+$", "", plain) if re.fullmatch(r"\d{9,12}[.,]0+", plain) else plain
    bare = re.sub(r"[\s.\-_,'’`/]", "", plain)
    if bare != text:
        notes.append(Note(CHANGE, "roster-number-separators", text, bare))
    turned = _digits_like(bare) if len(bare) in {9, 12} else bare
    if turned != bare:
        asciied = turned if bare.isdecimal() else ""
        notes.append(
            Note(
                CHANGE, "roster-number-letter-o" if not asciied else "roster-number-separators", bare, turned
            )
        )
    return turned, notes


def _two_numbers(text: str) -> Numbers | None:
    """Return an old and a new number that stand in one cell, in either order; None for anything else."""
    parts = re.split(r"\s*[/;,\n(]\s*|\s+", text.rstrip(") "))
    digits = [part for part in parts if part.isascii() and part.isdigit()]
    sizes = sorted(len(part) for part in digits)
    if sizes != [9, 12] or len(parts) != 2:
        return None
    return Numbers(number=max(digits, key=len), old=min(digits, key=len))


# -- marks and small words ---------------------------------------------------------------------------

_YES: Final = {
    "x",
    "1",
    "có",
    "co",
    "v",
    "✓",
    "✔",
    "√",
    "☑",
    "🗸",
    "true",
    "yes",
    "y",
    "thi",
    "dự thi",
    "dự",
    "thi lại",
    "*",
    "+",
    "•",
    "●",
}
_NO: Final = {
    "",
    "0",
    "không",
    "khong",
    "k",
    "-",
    "–",
    "—",
    "/",
    "false",
    "no",
    "n",
    "miễn",
    "miễn thi",
    "bảo lưu",
    "bl",
    "đạt",
    "đã đạt",
    "đ",
    ".",
}
_UNWELL: Final = {"0", "không", "khong", "k", "-", "–", "—", "/", "false", "no", "n", "."}
_MEN: Final = {"nam", "m", "male", "trai"}
_WOMEN: Final = {"nữ", "nu", "f", "female", "gái", "nử"}


def read_mark(cell: Cell) -> bool:
    """Return whether a mark says that a component is owed; "đạt", "bảo lưu", "miễn" say that it is not.

    Raises CellError: points or other words are no marks.
    """
    text = read_text(cell).value.casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise CellError("roster-mark-unknown")


def read_sex(cell: Cell) -> Value[str]:
    """Return "nam", "nữ" or "", with a warning for a word that is neither."""
    text = read_text(cell).value
    folded = text.casefold()
    if folded in _MEN or folded in _WOMEN:
        return Value("nam" if folded in _MEN else "nữ")
    return Value("", (Note(WARNING, "roster-sex-unknown", text, ""),) if text else ())


def read_class(cell: Cell) -> Value[str]:
    """Return a licence class: "Hạng b2" is B2, anything else as written."""
    text = read_text(cell).value
    short = re.sub(r"^hạng\s*:?\s*", "", text, flags=re.IGNORECASE)
    if re.fullmatch(r"[A-Fa-f][0-9]?[Ee]?", short.replace(" ", "")):
        short = short.replace(" ", "").upper()
    return Value(
        short,
        (Note(CHANGE, "roster-class-form", text, short),) if short.casefold() != text.casefold() else (),
    )


def read_health(cell: Cell) -> Value[str]:
    """Return "yes", "no" or "" of a health certificate's column."""
    text = read_text(cell).value.casefold()
    if not text:
        return Value("")
    if text in _YES or text in {"hợp lệ", "còn hạn", "đủ", "ok", "đạt"}:
        return Value("yes")
    bad = text in _UNWELL or any(word in text for word in ("hết hạn", "không hợp lệ", "chưa có"))
    return Value("no" if bad else "yes" if any(char.isdigit() for char in text) else "")
