"""The notice on processing of biometric data, with the form by which a candidate agrees or refuses. Pure.

The notice stands there word for word, with its version and the SHA-256 that `consent` entries record of it: whoever
has the paper can compare both with the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from reports.session_sheet import DOTS, Frame, moment
from reports.sheet import Block, Closing, Paragraph, Sheet
from reports.wording import clean, say
from sessions.course.consent import Consent
from sessions.record import parse_utc
from sessions.roster.model import Seat

KIND: Final = "notice"
NOTICE_KEY: Final = "notice.text"
"""The text that is shown before a picture is taken, and that `consent` entries name by its hash."""
_SIZE: Final = 13.0
_TERMS: Final = ("template", "live-portrait", "chip-portrait", "identity", "note")
_DETAILS: Final = ("what", "why", "keep", "rights", "refuse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as candidates are told it: its version and its very text."""

    version: str
    text: str

    @property
    def sha256(self) -> str:
        """What the log records of the text: hexadecimal SHA-256 of its UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def build_notice(frame: Frame, seat: Seat | None = None, answer: Consent | None = None) -> Sheet:
    """Return the page model of notice and form: empty, or with a candidate's name and what the log has of an answer.

    Raises TextMissingError.
    """
    notice = Notice(version=frame.session.rules.notice_version, text=frame.texts[NOTICE_KEY])
    body = (*_told(frame, notice), *_details(frame), *_form(frame, seat), *_recorded(frame, notice, answer))
    sheet = frame.sheet(
        KIND,
        header=frame.header(KIND, (frame.say("notice-form.law"), frame.day_line)),
        columns=(),
        rows=(),
        closing=_closing(frame),
        counts={},
    )
    return replace(sheet, portrait=True, body=body, sbd="" if seat is None else seat.sbd)


def _text(text: str, *, label: str = "", strong: bool = False, before: float = 1.0) -> Paragraph:
    return Paragraph(text=text, label=label, strong=strong, size=_SIZE, space_before_mm=before)


def _small(text: str, label: str) -> Paragraph:
    return Paragraph(text=text, label=label, italic=True, size=10.0, space_before_mm=0.5)


def _told(frame: Frame, notice: Notice) -> tuple[Block, ...]:
    """Return the notice word for word, its version and hash."""
    return (
        _text(frame.say("notice-form.text"), strong=True, before=2.0),
        _text(clean(notice.text)),
        _small(notice.version, frame.say("notice-form.version.label")),
        _small(notice.sha256, frame.say("notice-form.sha256.label")),
    )


def _details(frame: Frame) -> tuple[Block, ...]:
    """Return what is taken, why, how long it is kept, the candidate's rights, and what follows from refusing."""
    blocks = [_text(frame.say("notice-form.details"), strong=True, before=2.0)]
    for name in _DETAILS:
        text = _kept(frame) if name == "keep" else frame.say(f"notice-form.{name}")
        blocks.append(_text(text, label=frame.say(f"notice-form.{name}.label")))
    return tuple(blocks)


def _kept(frame: Frame) -> str:
    """Return how long each kind of data is kept under the session's rules."""
    terms = frame.session.rules.retention
    said = [
        frame.say("notice-form.term", kind=frame.say(f"notice-form.term.{name}"), days=terms[name].days)
        for name in _TERMS
        if name in terms
    ]
    return (
        frame.say("notice-form.keep", terms="; ".join(said)) if said else frame.say("notice-form.keep-open")
    )


def _form(frame: Frame, seat: Seat | None) -> tuple[Block, ...]:
    """Return who answers, and the two boxes, both empty: the candidate marks one."""
    name, birth, sbd = ("", "", "") if seat is None else (seat.full_name, seat.birth.display, seat.sbd)
    who = (("name", name, 4), ("birth", birth, 2), ("sbd", sbd, 2))
    return (
        _text(frame.say("notice-form.answer"), strong=True, before=2.0),
        *(
            _text(clean(text) or DOTS * dots, label=frame.say(f"notice-form.{key}"))
            for key, text, dots in who
        ),
        _text(frame.say("notice-form.read"), before=1.5),
        _text(frame.say("notice-form.agree"), strong=True, before=1.5),
        _text(frame.say("notice-form.disagree"), strong=True, before=1.5),
    )


def _recorded(frame: Frame, notice: Notice, answer: Consent | None) -> Sequence[Block]:
    """Return what the log has of this candidate's answer, and whether it was given to another text."""
    if answer is None:
        return ()
    said = frame.say(
        "notice-form.recorded",
        outcome=frame.coded("notice-form.outcome", answer.outcome),
        version=answer.version,
        entry=answer.seq,
        at=moment(parse_utc(answer.at)),
    )
    blocks = [Paragraph(text=said, italic=True, size=11.0)]
    if answer.notice_sha256 != notice.sha256:
        blocks.append(Paragraph(text=frame.say("notice-form.recorded-other"), italic=True, size=11.0))
        blocks.append(_small(answer.notice_sha256, frame.say("notice-form.recorded-other.label")))
    return tuple(blocks)


def _closing(frame: Frame) -> Closing:
    roles = [frame.say(f"sign.{role}") for role in ("candidate", "representative", "informer")]
    closing = frame.closing(KIND, (), (frame.say("notice-form.remark"),), roles)
    last = say(frame.texts, "sheet.recipient.file")
    return replace(closing, recipients=(frame.say("notice-form.recipient"), last))
