"""What the sheets of a session have in common: head, columns, counts in figures and words, closing block. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from reports.foot import foot_of, rules_marks, training_marks
from reports.sheet import (
    ROW_MM,
    Align,
    Cell,
    Closing,
    Column,
    Header,
    Letterhead,
    Row,
    Sheet,
    SignatureBlock,
    Value,
)
from reports.wording import DASH, Texts, clean, say
from reports.words import number_words
from sessions.checkpoint import Checkpoint
from sessions.roster.model import PartialDate
from sessions.session import Session
from sessions.vietnam import VIETNAM
from sessions.witnesses import Cosigners

DOTS: Final = "\u2026" * 14
PLACE_DOTS: Final = DOTS[:5]
"""Where the place goes, short enough for one line with the date on an upright sheet."""
ROLES: Final = {
    "driving-test": ("preparer", "examiner", "oversight"),
    "exam": ("invigilator-1", "invigilator-2", "site-head"),
}
OTHER_ROLES: Final = ("preparer", "checker", "head")

Spec = tuple[str, float, Align]
"""A column: the key of its heading behind `paper.column.`, its width in mm, where its text stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who acted, as paper names them: user id, the role in the words of the law, and the name where it is known."""

    user_id: str
    role: str
    name: str = field(repr=False, default="")

    @property
    def words(self) -> str:
        """Return "Nguyễn Văn Mẫu (nv01, thư ký)", or "nv01 (thư ký)"."""
        if self.name:
            return f"{self.name} ({', '.join(part for part in (self.user_id, self.role) if part)})"
        return f"{self.user_id} ({self.role})" if self.role else self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every sheet of a session is written with: texts, tree head, who cosigned it, language, letterhead."""

    session: Session
    texts: Texts
    head: Checkpoint
    cosigners: Cosigners | None = None
    letterhead: Letterhead = field(default_factory=Letterhead)
    language: str = "vi"

    def say(self, key: str, /, **values: str | int) -> str:
        """Return a text of the sheets, `paper.` before its key; raises TextMissingError."""
        return say(self.texts, f"paper.{key}", **values)

    def coded(self, group: str, code: str) -> str:
        """Return the words for a code of a group, or the code itself where there are none."""
        key = f"paper.{group}.{code}"
        return say(self.texts, key) if key in self.texts else clean(code)

    def count(self, key: str, count: int, **values: str | int) -> str:
        """Return a count in figures and words: "Có mặt: 24 (hai mươi tư)."."""
        return self.say(f"count.{key}", count=count, words=number_words(count), **values)

    def header(self, kind: str, lines: Sequence[str] = (), day: date | None = None) -> Header:
        """Return the head of a kind of sheet: title, session, rules, then `lines`."""
        session, letterhead = self.session, self.letterhead
        return Header(
            parent=clean(letterhead.parent).upper() or DOTS,
            agency=clean(letterhead.agency).upper() or DOTS,
            number=say(self.texts, "sheet.number", symbol=clean(letterhead.symbol) or DOTS[:6]),
            nation=say(self.texts, "sheet.nation"),
            motto=say(self.texts, "sheet.motto"),
            place_and_date=place_and_date(
                day or session.day, self.texts, clean(letterhead.locality) or PLACE_DOTS
            ),
            title=self.say(f"title.{kind}"),
            logo=letterhead.logo,
            lines=(*lines, self.rules_line, *rules_marks(self.session, self.texts)),
        )

    def component_of(self, body: Mapping[str, Any]) -> str:
        """Return the law's term for the component that an entry names, or a dash."""
        known = self.session.rules.components.get(str(body.get("component", "")))
        return DASH if known is None else known.label

    @property
    def day_line(self) -> str:
        """Day and place of the session in one line."""
        return self.say("line.day", day=self.session.day.strftime("%d/%m/%Y"), place=self.session.place)

    @property
    def rules_line(self) -> str:
        """Session, rules file and its hash in one line."""
        return say(
            self.texts,
            "sheet.attendance.rules",
            session=self.session.session_id,
            rules=self.session.rules_id,
            sha256=self.session.rules_sha256[:16],
        )

    def columns(self, specs: Sequence[Spec]) -> tuple[Column, ...]:
        """Return the columns of specifications."""
        return tuple(
            Column(heading=self.say(f"column.{name}"), width_mm=wide, align=align)
            for name, wide, align in specs
        )

    def closing(
        self, kind: str, totals: Sequence[str], remarks: Sequence[str] = (), roles: Sequence[str] = ()
    ) -> Closing:
        """Return the closing block; signed by those whom the rules name for this kind of sheet."""
        return Closing(
            totals=tuple(totals),
            remarks=tuple(remarks),
            recipients_label=say(self.texts, "sheet.recipients"),
            recipients=(say(self.texts, "sheet.recipient.council"), say(self.texts, "sheet.recipient.file")),
            signatures=tuple(
                SignatureBlock(role=role, hint=say(self.texts, "sheet.sign-here"))
                for role in roles or self.signers(kind)
            ),
        )

    def signers(self, kind: str) -> tuple[str, ...]:
        """Return who signs a kind of sheet by hand: as the session's rules say, else by the kind of session."""
        named: Mapping[str, Sequence[str]] = getattr(self.session.rules, "signatories", {})
        if kind in named:
            return tuple(self._role(role) for role in named[kind])
        roles = ROLES.get(self.session.rules.kind, OTHER_ROLES)
        return tuple(self._role(role) for role in roles)

    def _role(self, role: str) -> str:
        key = f"sheet.role.{role}"
        return say(self.texts, key) if key in self.texts else self.coded("role", role).upper()

    def sheet(
        self,
        kind: str,
        *,
        header: Header,
        columns: tuple[Column, ...],
        rows: Sequence[Row],
        closing: Closing,
        counts: Mapping[str, int],
        variant: str = "",
        row_mm: float = ROW_MM,
    ) -> Sheet:
        """Return the whole page model. `counts`: what it prints, by name, for whoever counts again."""
        session = self.session
        return Sheet(
            kind=kind,
            variant=variant,
            session_id=session.session_id,
            language=self.language,
            header=header,
            columns=columns,
            rows=tuple(rows),
            closing=closing,
            foot=foot_of(session, self.texts, self.head, self.cosigners, notice="paper.notice"),
            roster_hash=session.roster_hash,
            head=self.head,
            training=training_marks(session, self.texts),
            counts=dict(counts),
            row_mm=row_mm,
        )


def of_kind(session: Session, specs: Sequence[Spec]) -> tuple[Spec, ...]:
    """Return columns with a pupil's class in place of the licence class, where the rules know no such classes."""
    if session.rules.classes:
        return tuple(specs)
    return tuple(("school-class" if name == "class" else name, wide, align) for name, wide, align in specs)


def place_and_date(day: date, texts: Texts, locality: str) -> str:
    """Return "…, ngày 05 tháng 02 năm 2026": days under 10 and months 1 and 2 with a nought before them."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return say(
        texts, "sheet.place-and-date", place=locality, day=f"{day.day:02d}", month=month, year=day.year
    )


def cell(*paragraphs: str, strong: bool = False, value: Value = None) -> Cell:
    """Return a cell of paragraphs made safe to print; empty ones are left out. `value`: as `Cell`."""
    cleaned = tuple(clean(text) for text in paragraphs)
    return Cell(paragraphs=tuple(text for text in cleaned if text), strong=strong, value=value)


def count_cell(count: int, *, strong: bool = False) -> Cell:
    """Return a cell with a count: a number in a spreadsheet too."""
    return cell(str(count), strong=strong, value=count)


def birth_cell(birth: PartialDate) -> Cell:
    """Return a cell with a day of birth: a day in a spreadsheet too, where more than the year is known."""
    whole = birth.month is not None and birth.day is not None
    return cell(birth.display, value=date.fromisoformat(birth.iso) if whole else None)


def figure(count: int) -> Cell:
    """Return a cell with a count in figures, its words below."""
    return cell(str(count), f"({number_words(count)})", strong=True, value=count)


def clock_cell(at: datetime | None) -> Cell:
    """Return a cell with the hour and minute in Vietnam of a UTC time, or a dash."""
    local = None if at is None else at.astimezone(VIETNAM)
    return cell(clock(at), value=None if local is None else local.time().replace(second=0, microsecond=0))


def moment_cell(at: datetime) -> Cell:
    """Return a cell with second and day in Vietnam of a UTC time, the day below."""
    local = at.astimezone(VIETNAM).replace(microsecond=0)
    return cell(local.strftime("%H:%M:%S"), local.strftime("%d/%m/%Y"), value=local)


def clock(at: datetime | None) -> str:
    """Return the hour and minute in Vietnam of a UTC time, or a dash."""
    return at.astimezone(VIETNAM).strftime("%H:%M") if at else DASH


def moment(at: datetime | None) -> str:
    """Return hour, minute, second and day in Vietnam of a UTC time, or a dash."""
    return at.astimezone(VIETNAM).strftime("%H:%M:%S %d/%m/%Y") if at else DASH
