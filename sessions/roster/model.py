"""A roster in memory: seats, defects of rows, and dates of which only the year may be known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PartialDate:
    """A birth date: a year, or a year, month and day. Never guessed from the wrong order."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def iso(self) -> str:
        """YYYY-MM-DD, or YYYY when only the year is known."""
        if self.month is None or self.day is None:
            return f"{self.year:04d}"
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"

    @property
    def display(self) -> str:
        """dd/mm/yyyy as printed in Vietnam, or yyyy."""
        if self.month is None or self.day is None:
            return f"{self.year:04d}"
        return f"{self.day:02d}/{self.month:02d}/{self.year:04d}"

    @classmethod
    def of(cls, day: date) -> PartialDate:
        """Return the whole date."""
        return cls(year=day.year, month=day.month, day=day.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One candidate of a roster. `row` is the row in the file, counted from 1, heading included.

    `sbd` is the candidate number in this session; `id_number` the 12 digits. `components` are the rules'
    identifiers once a session has been created from the roster; empty means every component. An `erased` row says
    nothing else any more, not even the candidate number.

    `id_number` is empty where the list has only an old number of nine digits (`old_number`): such a person is found
    by a suggestion that somebody confirms, never by itself. `sex` is "nam", "nữ" or empty. `health_valid` is "yes",
    "no" or empty, `health_date` YYYY-MM-DD or empty: health data, never in a body. `part`: which station of a
    shared session. `addition`: empty, or the mark of a later addition ("bổ sung 1").
    """

    row: int
    sbd: str
    full_name: str = field(repr=False)
    birth: PartialDate = field(repr=False)
    id_number: str = field(repr=False)
    licence_class: str = ""
    room: str = ""
    seat: str = ""
    subject: str = ""
    shift: str = ""
    components: tuple[str, ...] = ()
    erased: bool = False
    sex: str = ""
    old_number: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    held_class: str = ""
    health_valid: str = field(default="", repr=False)
    health_number: str = field(default="", repr=False)
    health_date: str = field(default="", repr=False)
    car: str = ""
    part: str = ""
    school_class: str = ""
    remark: str = field(default="", repr=False)
    addition: str = ""

    @property
    def facts(self) -> dict[str, str | int]:
        """What of the seat may stand in a check's row: number in this session, and room."""
        facts: dict[str, str | int] = {"sbd": self.sbd}
        if self.room:
            facts["room"] = self.room
        return facts


ERASED: Final = Seat(row=0, sbd="", full_name="", birth=PartialDate(year=0), id_number="", erased=True)
"""The seat of a row that was erased: nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDefect:
    """Why a row is refused: line (from 1), column heading as in the file, reason code, the value found.

    `other`: the row that this one clashes with, or None. `after`: the values that the rules know, where that is why.
    """

    row: int
    column: str
    code: str
    value: str = field(default="", repr=False)
    other: int | None = None
    after: str = ""

    @property
    def before(self) -> str:
        """The value as it stands in the file."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """What was changed, guessed or looks odd: line (from 1; 0: the whole file), column heading, reason code.

    `before` and `after`: the value in the file and the one that is used; `other`: the other row that it concerns.
    """

    row: int
    column: str
    code: str
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)
    other: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingPreview:
    """How some lines of the file look under one encoding. `score_e4`: share of Vietnamese words × 10⁴."""

    encoding: str
    score_e4: int
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The usable rows in the file's order, the refused ones, what was changed, guessed or looks odd, the SHA-256.

    The file's plain hash is for comparing two files at one desk; what is logged and printed is the
    session's salted roster hash. `passed_over`: lines that are no candidates (titles, totals, signatures), with their
    text in `before`. `encoding`: "utf-8", "utf-16", "cp1258", "tcvn3", "vni" or "unicode" (a workbook's own);
    `format`: "csv", "xlsx", "xlsm", "xls", "ods" or "html"; `sheet` the one taken of `sheets`; `previews` where the
    encoding is not certain; `columns`: field → heading as in the file.
    """

    rows: tuple[Seat, ...]
    refused: tuple[RowDefect, ...] = ()
    changes: tuple[RowChange, ...] = ()
    warnings: tuple[RowChange, ...] = ()
    guesses: tuple[RowChange, ...] = ()
    passed_over: tuple[RowChange, ...] = ()
    encoding: str = ""
    format: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    previews: tuple[EncodingPreview, ...] = ()
    sha256: str = field(repr=False, default="")
    data: bytes = field(repr=False, default=b"")
