"""A candidate's own slip: portraits, every check and who decided it, components and points, what it comes to. Pure.

All that was recorded is a row, by component, so that page digests and page seals bear it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reports.attendance import NOT_COME
from reports.exceptions_sheet import People
from reports.seal import RESULT_LETTERS
from reports.session_sheet import DOTS, Frame, cell, moment
from reports.sheet import Align, Block, Paragraph, Row, Sheet
from reports.slip_pictures import Shots, pictures_of
from reports.slip_rows import ATTEMPT, Teller, e4, entries_about
from reports.wording import DASH, clean, say
from reports.words import number_words
from sessions.course.component_state import ComponentResult, Status
from sessions.course.consent import REFUSED, consent_of
from sessions.course.entries import SessionEntry
from sessions.course.grading import Outcome, points_text
from sessions.course.merge import missing_parts
from sessions.course.progress import Progress
from sessions.course.states import RECHECKS, Standing
from sessions.record import Verdict, parse_utc
from sessions.roster.model import Seat

KIND: Final = "slip"
ROW_MM: Final = 8.0
SIZE: Final = 12.0
_COLUMNS: Final = (
    ("component", 29.0, Align.LEFT),
    ("slip-time", 22.0, Align.CENTRE),
    ("maximum", 13.0, Align.CENTRE),
    ("points", 13.0, Align.CENTRE),
    ("result", 30.0, Align.LEFT),
    ("slip-note", 58.0, Align.LEFT),
)
_ROLES: Final = ("slip-writer", "candidate", "in-charge")
_PERSONS: Final = frozenset({"override", "decision", "manual"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Whose slip it is, and what the log says of them: `standings` by component in the session's order."""

    seat: Seat
    standings: Mapping[str, Standing]
    entries: tuple[SessionEntry, ...]

    @classmethod
    def of(cls, seat: Seat, standings: Mapping[str, Standing], entries: Sequence[SessionEntry]) -> Candidate:
        """Return the candidate of a session with these `entries` of it, in order."""
        return cls(seat=seat, standings=standings, entries=entries_about(entries, seat.sbd))

    @property
    def attempts(self) -> tuple[SessionEntry, ...]:
        """Every pass at the desk, in order."""
        return tuple(entry for entry in self.entries if entry.kind == ATTEMPT)

    @property
    def decisive(self) -> SessionEntry | None:
        """The check that the slip shows: the last one with a refusal that stands, else the first that let them in."""
        rows = [row for row in self.standings.values() if row.entry is not None]
        refused = [row.attempt for row in rows if row.verdict is Verdict.REFUSE]
        if refused:
            return refused[-1]
        rows.sort(key=lambda row: not row.admitted)
        for row in rows:
            if row.entry is not None and row.entry.kind == "manual":
                return row.entry
            if row.attempt is not None:
                return row.attempt
        return None


def build_slip(
    frame: Frame,
    candidate: Candidate,
    progress: Progress,
    entries: Sequence[SessionEntry],
    people: People,
    *,
    shots: Shots | None = None,
) -> Sheet:
    """Return the page model of one candidate's slip.

    `entries`: the session's, in order, taken-over ones among them. Raises TextMissingError.
    """
    writer = _Writer(frame, candidate, progress, entries, people, shots=shots or Shots())
    counts = slip_counts(candidate, progress)
    named = getattr(frame.session.rules, "signatories", {})
    roles = () if KIND in named else [frame.say(f"sign.{role}") for role in _ROLES]
    closing = frame.closing(KIND, (writer.total(counts),), tuple(writer.remarks()), roles)
    sheet = frame.sheet(
        KIND,
        header=frame.header(KIND, (*writer.warnings, frame.say("slip.not-council"), frame.day_line)),
        columns=frame.columns(_COLUMNS),
        rows=tuple(writer.rows()),
        closing=replace(closing, recipients=(frame.say("slip.recipient"), *closing.recipients)),
        counts=counts,
        row_mm=ROW_MM,
    )
    return replace(sheet, portrait=True, body=tuple(writer.body()), sbd=candidate.seat.sbd)


def slip_counts(candidate: Candidate, progress: Progress) -> Mapping[str, int]:
    """Return how much there is of what on a slip, by name."""
    attempts = candidate.attempts
    again = [entry for entry in attempts if entry.body.get("purpose", "check-in") in RECHECKS]
    kinds = [entry.kind for entry in candidate.entries]
    incidents = {
        str(entry.body.get("incident", entry.seq)) for entry in candidate.entries if entry.kind == "incident"
    }
    results = (progress.outcome(candidate.seat.sbd, name) for name in progress.session.components)
    return {
        "check-ins": len(attempts) - len(again),
        "rechecks": len(again),
        "refusals": sum(entry.body["verdict"] == Verdict.REFUSE for entry in attempts),
        "persons": sum(kind in _PERSONS for kind in kinds),
        "incidents": len(incidents),
        "corrections": kinds.count("correction"),
        "passed": sum(result is not None and result.outcome is Outcome.PASSED for result in results),
    }


class _Writer:
    """Turns what is known of one candidate into a slip's blocks and rows."""

    def __init__(
        self,
        frame: Frame,
        candidate: Candidate,
        progress: Progress,
        entries: Sequence[SessionEntry],
        people: People,
        *,
        shots: Shots,
    ) -> None:
        self._frame, self._say = frame, frame.say
        self._of, self._seat, self._sbd = candidate, candidate.seat, candidate.seat.sbd
        self._progress = progress
        tried = {
            str(entry.body["attempt"]): str(entry.body["component"])
            for entry in candidate.entries
            if entry.kind == ATTEMPT
        }
        self._teller = Teller(frame=frame, people=people, sbd=self._sbd, tried=tried)
        self._consent = consent_of(entries, self._sbd)
        self._agrees = self._consent is None or self._consent.outcome != REFUSED
        self._missing = missing_parts(frame.session, entries)
        self._merges = [entry for entry in entries if entry.kind == "merge" and entry.part is None]
        self._shots = shots if self._agrees else Shots()

    # -- head and foot ----------------------------------------------------------------------------

    @property
    def warnings(self) -> list[str]:
        """What keeps the slip from being the last word."""
        lines = [] if self._progress.closed else [self._say("slip.not-closed")]
        if self._missing:
            lines.append(self._say("slip.not-merged", parts=", ".join(map(str, self._missing))))
        return lines

    def total(self, counts: Mapping[str, int]) -> str:
        """Return the counts in figures and words."""
        values = {
            name.replace("-", "_"): f"{count} ({number_words(count)})" for name, count in counts.items()
        }
        return self._say("slip.total", **values)

    def remarks(self) -> Iterator[str]:
        """Yield what in the log does not agree about this candidate, then what the slip is."""
        for found in self._progress.conflicts:
            if found.sbd == self._sbd:
                other = DASH if found.other is None else found.other
                words = say(self._frame.texts, f"conflict.{found.code}", entry=found.seq, other=other)
                yield self._say("slip.conflict", words=words)
        for words in self._merged():
            yield self._say("slip.conflict", words=words)
        yield self._say("slip.remark")

    def _merged(self) -> Iterator[str]:
        """Yield what did not fit about this candidate when parts of the session were taken over."""
        known = self._frame.session.rules.components
        for body in (entry.body for entry in self._merges):
            named = [(f"day.double-{row['why']}", row) for row in body["double"] if row["sbd"] == self._sbd]
            named += [
                (f"day.conflict-{row['what']}", row) for row in body["conflicts"] if row["sbd"] == self._sbd
            ]
            for key, row in named:
                component = str(row["component"])
                yield say(
                    self._frame.texts,
                    key,
                    sbd=self._sbd,
                    component=known[component].label if component in known else clean(component),
                    parts=", ".join(map(str, row["parts"])),
                    values="; ".join(map(str, row.get("values", ()))),
                )

    # -- blocks -----------------------------------------------------------------------------------

    def body(self) -> Iterator[Block]:
        """Yield who it is, the pictures, what machine and persons found, what it comes to."""
        seat = self._seat
        yield self._line("name", seat.full_name, strong=True)
        yield self._line("birth", seat.birth.display)
        yield self._line("id-number", seat.id_number or seat.old_number or DASH)
        yield self._line("listed", self._listed())
        yield self._line("conclusion", self._conclusion(), strong=True)
        yield from self._figures()
        yield self._line("identity", self._identity(), strong=True)
        shown = self._of.decisive
        if shown is not None and shown.kind == ATTEMPT:
            yield self._line("chip", self._teller.chip(shown.body))
            yield self._line("face", self._face(shown))
        yield self._line("consent", self._agreed())

    def _line(self, item: str, text: str, *, strong: bool = False) -> Paragraph:
        label = self._say(f"slip.item.{item}")
        return Paragraph(text=clean(text), label=label, strong=strong, size=SIZE, space_before_mm=0.4)

    def _listed(self) -> str:
        seat = self._seat
        taken = self._progress.licence_class(self._sbd)
        words = [self._say("slip.sbd", sbd=self._sbd)]
        words += [self._say("line.class", licence_class=taken)] if taken else []
        words += [self._say("line.room", room=seat.room)] if seat.room else []
        words += [self._say("note.addition", mark=seat.addition)] if seat.addition else []
        return "; ".join(words)

    @property
    def _code(self) -> str | None:
        """DA, RO, VA, KH; None as long as that is open, or parts of the session are elsewhere."""
        return None if self._missing else self._progress.code(self._sbd)

    @property
    def _turned_away(self) -> bool:
        """Whether somebody who counts as absent came to a component, and was not let in."""
        return any(self._progress.not_let_in(self._sbd, name) for name in self._progress.owed(self._sbd))

    def _conclusion(self) -> str:
        code = self._code
        if code is not None:
            said = self._say("slip.code", code=code, meaning=self._frame.coded("code", code))
            return f"{said} ({self._say('slip.came')})" if self._turned_away else said
        states = {self._progress.status(self._sbd, name) for name in self._progress.owed(self._sbd)}
        if states and states <= {Status.TAKEN, Status.PASSED} and not self._missing:
            return self._say("slip.no-code")
        return self._say("slip.pending")

    def _identity(self) -> str:
        """Return how somebody stands at each component, whatever the machine found said with it."""
        known = self._frame.session.rules.components
        found = []
        for component, row in self._of.standings.items():
            if row.state in NOT_COME:
                continue
            words = [self._frame.coded("state", row.state.value)]
            if row.verdict is Verdict.REFUSE:
                words.append(self._say("slip.machine-refused"))
            at = moment(parse_utc(row.at)) if row.at else DASH
            found.append(
                self._say("slip.stood", component=known[component].label, words=", ".join(words), at=at)
            )
        return "; ".join(found) or self._say("slip.not-seen")

    def _face(self, shown: SessionEntry) -> str:
        """Return score and threshold, by which engine, and whether a face was looked at for being a real one."""
        checks = shown.body["checks"]
        facts = checks.get("face-match", {}).get("facts", {})
        pad = self._frame.coded("slip.pad", str(checks.get("pad", {}).get("outcome", "not-performed")))
        if type(facts.get("score_e4")) is not int:
            return f"{self._say('slip.no-face')} {pad}"
        said = self._say(
            "slip.engine",
            score=e4(facts["score_e4"]),
            threshold=e4(facts.get("threshold_e4")),
            refer=e4(facts.get("refer_threshold_e4")),
            model=str(facts.get("model", DASH)),
        )
        return f"{said} {pad}"

    def _agreed(self) -> str:
        found = self._consent
        if found is None:
            return self._say("slip.consent.none")
        return self._say(
            "slip.consent",
            outcome=self._frame.coded("slip.consent", found.outcome),
            version=found.version,
            at=moment(parse_utc(found.at)),
            entry=found.seq,
        )

    # -- pictures ---------------------------------------------------------------------------------

    def _figures(self) -> Iterator[Block]:
        """Yield the portraits side by side, then those of later checks; in words why there are none."""
        found, instead = (
            pictures_of(self._frame, self._of.decisive, self._of.entries, self._shots)
            if self._agrees
            else ((), self._say("slip.no-consent"))
        )
        if instead:
            yield self._line("pictures", instead)
        yield from found

    # -- rows -------------------------------------------------------------------------------------

    def rows(self) -> Iterator[Row]:
        """Yield what happened, in the session's order; then each component's result, and what it comes to."""
        yield from (self._teller.row(entry) for entry in self._of.entries)
        yield from (self._result(component) for component in self._frame.session.components)
        yield self._last()

    def _result(self, component: str) -> Row:
        """Return the row of a component: maximum, points, what they come to, room for the examiner to sign."""
        result, status = (
            self._progress.outcome(self._sbd, component),
            self._progress.status(self._sbd, component),
        )
        counts = result is not None and status not in {Status.NOT_LISTED, Status.KEPT}
        marks = self._progress.marks(self._sbd, component)
        points = DASH if result is None or result.points_e2 is None else points_text(result.points_e2)
        not_in = self._progress.not_let_in(self._sbd, component)
        words = self._frame.coded("status", "not-let-in" if not_in else status.value)
        open_ = words == DASH or (self._missing and not counts)
        cells = (
            cell(self._frame.session.rules.components[component].label, strong=True),
            cell(self._say("slip.of-component")),
            cell(DASH if marks.maximum_e2 is None else points_text(marks.maximum_e2), strong=True),
            cell(points if counts else DASH, strong=True),
            cell(self._say("slip.pending") if open_ else words, strong=True),
            cell(*self._notes(result if counts else None, component), self._say("slip.sign", dots=DOTS)),
        )
        letter = RESULT_LETTERS[result.outcome] if counts and result is not None else "-"
        return Row(cells=cells, mark=(clean(self._sbd), letter))

    def _notes(self, result: ComponentResult | None, component: str) -> list[str]:
        marks = self._progress.marks(self._sbd, component)
        notes = []
        if marks.pass_e2 is not None:
            notes.append(self._say("slip.pass-mark", points=points_text(marks.pass_e2)))
        kept = self._progress.kept(self._sbd, component)
        if kept is not None:
            notes.append(self._say("slip.kept", day=kept.passed_on.strftime("%d/%m/%Y")))
        if result is None:
            return notes
        found = (
            ("critical", result.critical_failed),
            ("cancelled", result.cancelled),
            ("corrected", bool(result.corrections)),
        )
        return [*notes, *(self._say(f"results.{name}") for name, is_so in found if is_so)]

    def _last(self) -> Row:
        seat, code = self._seat, self._code
        cells = (
            cell(self._say("slip.item.conclusion"), strong=True),
            cell(""),
            cell(""),
            cell(""),
            cell(
                code or self._say("slip.pending"),
                self._frame.coded("code", code) if code else "",
                self._say("slip.came") if code and self._turned_away else "",
                strong=True,
            ),
            cell(self._say("slip.whose", sbd=self._sbd, name=seat.full_name, birth=seat.birth.display)),
        )
        return Row(cells=cells, mark=(clean(self._sbd), self._letter(code)))

    def _letter(self, code: str | None) -> str:
        """Return the seal's letter of a code."""
        if code is None:
            return "-"
        return next(
            letter for outcome, letter in RESULT_LETTERS.items() if self._progress.code_of(outcome) == code
        )
