"""Results as a page shows and takes them: one row for each candidate of a component, what may be typed, what it says.

Pure, but for `rows_of`'s progress, which is read beside the window's thread.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from proctor.errors import CommandError
from proctor.screens.exceptions import own_text
from proctor.texts import Texts
from sessions.course.component_state import Status
from sessions.course.grading import Marks, points_text, read_points, require_points
from sessions.course.numbers import written_sbd
from sessions.course.progress import Progress
from sessions.course.reasons import reasons
from sessions.course.result_log import Recorded, place_of
from sessions.session import Session

WORDS: Final[Mapping[str, str]] = {
    "va": "absent",
    "v": "absent",
    "vang": "absent",
    "absent": "absent",
    "kh": "incomplete",
    "k": "incomplete",
    "incomplete": "incomplete",
    "da": "passed",
    "d": "passed",
    "dat": "passed",
    "passed": "passed",
    "ro": "failed",
    "r": "failed",
    "rot": "failed",
    "failed": "failed",
}
"""What may be typed in place of points, without marks and in small letters; the codes of the paper first."""
_JUDGED: Final = frozenset({"passed", "failed"})
_RESULTS: Final = frozenset({"passed", "failed", "taken", "absent", "incomplete"})
_NONE: Final = frozenset({Status.NOT_LISTED, Status.KEPT})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One candidate at one component. `here`: was let in; `result`: in words, "" as long as there is none; `entry`: of
    the entry in force, 0 for none, `station` where it is another station's; `owed`: a result is expected.
    """

    sbd: str
    name: str = field(repr=False)
    licence_class: str
    here: bool
    owed: bool
    state: str
    result: str = ""
    entry: int = 0
    station: str = ""
    marks: Marks

    @property
    def open(self) -> bool:
        """Whether a result is still to be entered."""
        return self.owed and not self.result


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What was typed as a result: points, or a word; `critical`: a wrong critical question."""

    points: str = ""
    word: str = ""
    critical: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The options of `proctor result enter` and `correct`."""
        if self.word:
            return (f"--{self.word}",)
        return (f"--points={self.points}", *(("--critical-failed",) if self.critical else ()))


def rows_of(progress: Progress, component: str, texts: Texts) -> tuple[ResultRow, ...]:
    """Return everybody whom the list names for a component, in the list's order."""
    return tuple(
        row_of(progress, sbd, component, texts) for sbd in progress.sbds if component in progress.listed(sbd)
    )


def row_of(progress: Progress, sbd: str, component: str, texts: Texts) -> ResultRow:
    """Return where one candidate stands with a component."""
    status = progress.status(sbd, component)
    known = progress.log.results.get((sbd, component))
    entry, station = _in_force(known, progress.session)
    return ResultRow(
        sbd=sbd,
        name=progress.seat(sbd).full_name,
        licence_class=progress.licence_class(sbd),
        here=progress.admitted(sbd, component) is not None,
        owed=status not in _NONE,
        state=_state(progress, sbd, component, status, texts),
        result=_result(progress, sbd, component, texts),
        entry=entry,
        station=station,
        marks=progress.marks(sbd, component),
    )


def after_entry(row: ResultRow, data: Mapping[str, Any], texts: Texts) -> ResultRow:
    """Return a row as it stands after `proctor result enter` or `correct`, by what the command gave back."""
    code = str(data.get("code") or "")
    status = str(data.get("status") or "")
    points = data.get("points_text")
    return replace(
        row,
        result=_words(code, status, None if points is None else str(points), texts)
        if status in _RESULTS
        else "",
        entry=int(data["log"]["seq"]),
        station="",
    )


def read_value(text: str, marks: Marks, *, critical: bool = False) -> Value:
    """Return what was typed: "27", "27,5", "VA", "kh".

    Raises CommandError "results-page-empty", "results-page-value", "results-page-judged", "results-page-points"; the
    errors of points: PointsInvalidError, PointsNegativeError, PointsAboveMaximumError, PointsNotWholeError.
    """
    said = text.strip()
    if not said:
        raise CommandError("results-page-empty")
    if any(char.isdigit() for char in said):
        points = require_points(read_points(said), marks)
        return Value(points=points_text(points), critical=critical)
    word = WORDS.get(_plain(said))
    if word is None:
        raise CommandError("results-page-value", value=said[:16])
    if word in _JUDGED and not marks.judged:
        key = "results-page-points" if marks.pass_e2 is not None else "no-pass-mark"
        raise CommandError(key)
    return Value(word=word)


def next_open(rows: Sequence[ResultRow], sbd: str) -> str:
    """Return the next candidate without a result after one, round to the first again; "" when there is none."""
    at = next((at for at, row in enumerate(rows) if row.sbd == sbd), -1)
    turned = [*rows[at + 1 :], *rows[: max(at, 0)]]
    return next((row.sbd for row in turned if row.open), "")


def find(rows: Sequence[ResultRow], text: str) -> str:
    """Return the candidate that a typed number means ("7" is 007). Raises CommandError "results-page-nobody"."""
    found = written_sbd((row.sbd for row in rows), text)
    if found is None:
        raise CommandError("results-page-nobody", sbd=text.strip()[:16])
    return found


def counts_of(rows: Sequence[ResultRow]) -> tuple[int, int]:
    """Return how many results there are, and how many are expected in all."""
    expected = [row for row in rows if row.owed]
    return sum(1 for row in expected if row.result), len(expected)


def asked_of(marks: Marks, texts: Texts) -> str:
    """Return what the rules ask of a component: maximum, pass mark, critical question; what may be typed."""
    parts = []
    if marks.maximum_e2 is not None:
        parts.append(texts.say("results-page.maximum", points=points_text(marks.maximum_e2)))
    if marks.pass_e2 is not None:
        parts.append(texts.say("results-page.pass", points=points_text(marks.pass_e2)))
    if marks.critical:
        parts.append(texts["results-page.critical-asked"])
    parts.append(texts["results-page.typed.judged" if marks.judged else "results-page.typed"])
    return " · ".join(parts)


def enter_words(session: Session, component: str, sbd: str, value: Value) -> tuple[str, ...]:
    """Return the command `proctor result enter`."""
    return (
        "result",
        "enter",
        f"--session={session.session_id}",
        f"--component={component}",
        f"--sbd={sbd}",
        *value.words,
    )


def correct_words(
    session: Session, row: ResultRow, value: Value | None, reason: str, *, note: bool
) -> tuple[str, ...]:
    """Return the command `proctor result correct`; `value` None takes the result back."""
    return (
        "result",
        "correct",
        f"--session={session.session_id}",
        f"--entry={row.entry}",
        *((f"--of-station={row.station}",) if row.station else ()),
        *(("--void",) if value is None else value.words),
        f"--reason={reason}",
        *(("--note", "-") if note else ()),
    )


def import_words(session: Session, component: str, file: str, *, dry: bool, skip: bool) -> tuple[str, ...]:
    """Return the command `proctor result import`."""
    return (
        "result",
        "import",
        f"--session={session.session_id}",
        f"--component={component}",
        *(("--dry-run",) if dry else ()),
        *(("--skip-bad-rows",) if skip else ()),
        str(Path(file).absolute()),  # a name may begin with "-"
    )


def refused_lines(data: Mapping[str, Any], texts: Texts) -> tuple[tuple[str, str, str, str], ...]:
    """Return the refused rows of a file: row, column, value, why."""
    return tuple(
        (
            str(row["row"]),
            str(row["column"]),
            str(row["value"] or "–"),
            texts.say(own_text(str(row["code"]), texts), **row["facts"]),
        )
        for row in data.get("refused_rows", ())
    )


def correction_reasons(language: str) -> tuple[tuple[str, str], ...]:
    """Return the reasons of a correction: code and words."""
    return tuple((code, each.label(language)) for code, each in reasons("correction").items())


def note_needed(reason: str) -> bool:
    """Whether a reason of a correction needs words beside it."""
    known = reasons("correction").get(reason)
    return known is not None and known.note


def _plain(text: str) -> str:
    """Return a word in small letters and without marks: "Vắng" is "vang", "ĐẠT" is "dat"."""
    apart = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(char for char in apart if not unicodedata.combining(char) and not char.isspace())


def _in_force(known: Recorded | None, session: Session) -> tuple[int, str]:
    """Return number and station of the entry that a correction has to name; the station only of another log's."""
    if known is None or known.void:
        return 0, ""
    station, seq = place_of(known.newest)
    return seq, station if known.newest.part is not None else ""


def _state(progress: Progress, sbd: str, component: str, status: Status, texts: Texts) -> str:
    if status in _NONE or status in {Status.WAITING, Status.BLOCKED}:
        return texts[f"result-status.{status.value}"]
    here = progress.admitted(sbd, component) is not None
    came = progress.came(sbd, component)
    return texts[f"results-page.state.{'in' if here else 'turned-away' if came else 'not-come'}"]


def _result(progress: Progress, sbd: str, component: str, texts: Texts) -> str:
    result = progress.outcome(sbd, component)
    if result is None:
        return ""
    points = None if result.points_e2 is None else points_text(result.points_e2)
    words = _words(result.code, result.outcome.value, points, texts)
    if result.critical_failed:
        words = texts.say("results-page.with-critical", result=words)
    return texts.say("results-page.cancelled", result=words) if result.cancelled else words


def _words(code: str, status: str, points: str | None, texts: Texts) -> str:
    """Return a result in words: code of the paper, meaning, points."""
    meaning = texts.say(f"result-status.{status}")
    word = f"{code} · {meaning}" if code else meaning
    return word if points is None else texts.say("results-page.points", word=word, points=points)
