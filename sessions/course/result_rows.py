"""What the cells of a row about somebody's result say: who, how many points, which words; why a row is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sessions.course.grading import Marks, Outcome, read_points
from sessions.course.numbers import same_sbd, written_sbd
from sessions.course.progress import Progress
from sessions.course.result_errors import (
    CandidateMissingError,
    NameDiffersError,
    NumberDiffersError,
    NumberUnknownError,
    PointsInvalidError,
    SbdUnknownError,
    WordUnknownError,
)
from sessions.course.result_table import Table, TableRow
from sessions.errors import SessionsError
from sessions.roster.columns import fold
from sessions.roster.model import Seat
from sessions.roster.names import comparison_key

SBD_NAMES: Final = (
    "SBD",
    "số báo danh",
    "số BD",
    "mã dự thi",
    "mã thí sinh",
    "candidate number",
    "candidate no",
    "candidate",
)
NAME_NAMES: Final = (
    "họ và tên",
    "họ tên",
    "họ và tên thí sinh",
    "họ tên thí sinh",
    "tên thí sinh",
    "name",
    "full name",
)
NUMBER_NAMES: Final = (
    "số định danh",
    "số định danh cá nhân",
    "số ĐDCN",
    "CCCD",
    "số CCCD",
    "số căn cước",
    "số căn cước công dân",
    "số CMND/CCCD",
    "số CCCD/CMND",
    "ID number",
    "number",
)
POINTS_NAMES: Final = (
    "điểm",
    "điểm số",
    "điểm đạt",
    "số điểm",
    "điểm thi",
    "điểm sát hạch",
    "tổng điểm",
    "kết quả điểm",
    "điểm bằng số",
    "points",
    "score",
    "mark",
)
OUTCOME_NAMES: Final = ("kết quả", "kết luận", "đánh giá", "đạt/trượt", "result", "outcome")
_WORDS: Final[Mapping[Outcome, tuple[str, ...]]] = {
    Outcome.PASSED: ("DA", "đạt", "đ", "đỗ", "đậu", "passed", "pass"),
    Outcome.FAILED: ("RO", "rớt", "trượt", "không đạt", "kđ", "hỏng", "failed", "fail"),
    Outcome.ABSENT: ("VA", "vắng", "v", "vắng mặt", "bỏ thi", "không thi", "absent"),
    Outcome.INCOMPLETE: ("KH", "không dự hết", "bỏ dở", "không hoàn thành", "incomplete"),
}
_OUTCOMES: Final = {fold(word): outcome for outcome, words in _WORDS.items() for word in words}
_YES: Final = frozenset(
    fold(word) for word in ("x", "1", "có", "liệt", "sai", "sai câu liệt", "yes", "y", "true", "điểm liệt")
)
_NO: Final = frozenset(
    fold(word) for word in ("", "0", "không", "k", "no", "n", "false", "đúng", "không liệt")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRefusal:
    """Why a row is refused: its number, the column's name in the file, the value there, code and facts."""

    row: int
    column: str
    code: str
    value: str = field(default="", repr=False)
    facts: Mapping[str, str | int] = field(default_factory=dict)


class CellRefusedError(Exception):
    """Raised while a row is read; `name` is the field whose cell is to blame."""

    def __init__(self, name: str, error: SessionsError) -> None:
        super().__init__(error.code)
        self.name, self.error = name, error

    def at(self, table: Table, row: TableRow) -> RowRefusal:
        """Return the refusal of a row of a table. Of a personal number only the last four digits are repeated."""
        value = row.text(self.name)
        shown = f"…{value[-4:]}" if self.name == "number" and value else value[:64]
        return RowRefusal(
            row=row.number,
            column=table.column(self.name),
            code=self.error.code,
            value=shown,
            facts=self.error.facts,
        )


class Candidates:
    """Finds the candidate whom a row means: by candidate number ("1" is 001), by personal number, or by both."""

    def __init__(self, progress: Progress) -> None:
        self._seats = {sbd: progress.seat(sbd) for sbd in progress.sbds}
        self._by_sbd = {same_sbd(sbd): sbd for sbd in self._seats}
        self._by_number = {seat.id_number: sbd for sbd, seat in self._seats.items() if seat.id_number}

    def require(self, row: TableRow) -> Seat:
        """Return the seat that a row means.

        Raises CellRefusedError of CandidateMissingError, SbdUnknownError, NumberUnknownError, NumberDiffersError,
        NameDiffersError.
        """
        sbd, number = row.text("sbd"), "".join(row.text("number").split())
        by_sbd = self._by_sbd.get(same_sbd(sbd)) if sbd else None
        by_number = self._by_number.get(number.zfill(12)) if number else None
        if not sbd and not number:
            raise CellRefusedError("sbd" if "sbd" in row.cells else "number", CandidateMissingError())
        if sbd and by_sbd is None:
            raise CellRefusedError("sbd", SbdUnknownError(sbd=sbd[:16]))
        if number and by_number is None and not sbd:
            raise CellRefusedError("number", NumberUnknownError())
        if sbd and number and by_number != by_sbd:
            raise CellRefusedError("number", NumberDiffersError(sbd=by_sbd or ""))
        seat = self._seats[by_sbd or by_number or ""]
        name = row.text("name")
        if name and comparison_key(name) != comparison_key(seat.full_name):
            raise CellRefusedError("name", NameDiffersError(sbd=seat.sbd))
        return seat


def require_sbd(progress: Progress, text: str) -> str:
    """Return the candidate number that a person means: "1" is 001; raises SbdUnknownError."""
    found = written_sbd(progress.sbds, text)
    if found is None:
        raise SbdUnknownError(sbd=text[:16])
    return found


def read_outcome(row: TableRow) -> Outcome | None:
    """Return what a row says in words, or None where it says nothing; raises CellRefusedError of WordUnknownError.

    A word in the place of points ("vắng") counts as one.
    """
    for name in ("outcome", "points"):
        text = row.text(name)
        found = _OUTCOMES.get(fold(text)) if text else None
        if found is not None:
            return found
        if name == "outcome" and text and name != _points_field(row):
            raise CellRefusedError(name, WordUnknownError(value=text[:32]))
    return None


def read_row_points(row: TableRow, marks: Marks) -> int | None:
    """Return the points of a row in hundredths, or None where there are none: "27", "27,5", "27/30".

    Raises CellRefusedError of PointsInvalidError, PointsNegativeError.
    """
    name = _points_field(row)
    text = row.text(name)
    if not text or fold(text) in _OUTCOMES:
        return None
    try:
        points, slash, maximum = text.partition("/")
        if slash and read_points(maximum) != marks.maximum_e2:
            raise PointsInvalidError(value=text[:32])
        return read_points(points)
    except SessionsError as error:
        raise CellRefusedError(name, error) from None


def _points_field(row: TableRow) -> str:
    """Return the field of a row's points: a list without such a column has them under "kết quả"."""
    return "points" if "points" in row.cells else "outcome"


def read_critical(row: TableRow) -> bool:
    """Return whether a row says that a critical question was failed; raises CellRefusedError of WordUnknownError."""
    key = fold(row.text("critical"))
    if key in _YES:
        return True
    if key in _NO:
        return False
    raise CellRefusedError("critical", WordUnknownError(value=row.text("critical")[:32]))


def is_foot(row: TableRow) -> bool:
    """Whether a row is below the table: it says nothing of a result, and its candidate number is no number."""
    said = any(row.text(name) for name in ("points", "critical", "outcome", "passed_on"))
    return not said and not any(char.isdigit() for char in row.text("sbd") + row.text("number"))
