"""The proof of erasure: what was erased, by whom, why, and between which tree heads. Pure; no personal data.

It is made of the shred entry alone, so that it can be printed again at any time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from reports.foot import foot_of, training_marks
from reports.session_sheet import DOTS, PLACE_DOTS, cell, count_cell, place_and_date
from reports.sheet import (
    Align,
    Closing,
    Column,
    Header,
    Letterhead,
    Row,
    Sheet,
    SignatureBlock,
)
from reports.wording import DASH, Texts, clean, say
from reports.words import number_words
from sessions.checkpoint import Checkpoint
from sessions.session import Session
from sessions.vietnam import VIETNAM
from sessions.witnesses import Cosigners

KIND: Final = "erasure"
ROW_MM: Final = 9.0
_COLUMNS: Final = (
    ("order", 10.0, Align.CENTRE),
    ("data", 48.0, Align.LEFT),
    ("count", 14.0, Align.CENTRE),
    ("entries", 46.0, Align.LEFT),
    ("state", 47.0, Align.LEFT),
)
_ROLES: Final = ("first", "second", "head")
_SHOWN: Final = 12
"""Entry numbers that a row names; the entry itself names all."""


def build_erasure_proof(
    session: Session,
    entry: Mapping[str, Any],
    *,
    before: Checkpoint,
    after: Checkpoint,
    texts: Texts,
    copies: int,
    at: datetime,
    head: Checkpoint | None = None,
    cosigners: Cosigners | None = None,
    letterhead: Letterhead | None = None,
    roles: Mapping[str, str] = MappingProxyType({}),
    language: str = "vi",
) -> Sheet:
    """Return the page model of the proof of one shred entry (`entry`: its body).

    `before` and `after` are the tree heads without and with the entry; `copies` the exports that the log knew before
    it and that the erasure could not reach; `at` is the entry's time (UTC). `head` is the tree head that the page
    bears (by default `after`), `cosigners` who cosigned it; `roles`: role → the law's term. Raises TextMissingError.
    """
    rows = _rows(entry["targets"], texts)
    return Sheet(
        kind=KIND,
        session_id=session.session_id,
        language=language,
        header=_header(session, entry, at, texts, letterhead or Letterhead()),
        columns=tuple(
            Column(heading=say(texts, f"erasure.column.{name}"), width_mm=wide, align=align)
            for name, wide, align in _COLUMNS
        ),
        rows=rows,
        closing=_closing(entry, (before, after), texts, copies, roles),
        foot=foot_of(session, texts, head or after, cosigners, notice="erasure.notice"),
        roster_hash=session.roster_hash,
        head=head or after,
        training=training_marks(session, texts),
        row_mm=ROW_MM,
        portrait=True,
    )


def _rows(targets: Sequence[Mapping[str, Any]], texts: Texts) -> tuple[Row, ...]:
    """Return one row for each kind of data, the most frequent first."""
    counts = Counter(name for target in targets for name in target["names"])
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Row(
            cells=(
                count_cell(order),
                cell(_kind(texts, name), strong=True),
                count_cell(count),
                cell(_numbers([target["seq"] for target in targets if name in target["names"]])),
                cell(say(texts, "erasure.state")),
            ),
            mark=("", "-"),
        )
        for order, (name, count) in enumerate(ordered, start=1)
    )


def _kind(texts: Texts, name: str) -> str:
    key = f"erasure.kind.{name}"
    return say(texts, key) if key in texts else name


def _numbers(seqs: Sequence[int]) -> str:
    shown = ", ".join(str(seq) for seq in seqs[:_SHOWN])
    return shown if len(seqs) <= _SHOWN else f"{shown}, \u2026 {seqs[-1]}"


def _header(
    session: Session, entry: Mapping[str, Any], at: datetime, texts: Texts, letterhead: Letterhead
) -> Header:
    local = at.astimezone(VIETNAM)
    place = clean(letterhead.locality) or PLACE_DOTS
    return Header(
        parent=clean(letterhead.parent).upper() or DOTS,
        agency=clean(letterhead.agency).upper() or DOTS,
        number=say(texts, "sheet.number", symbol=clean(letterhead.symbol) or DOTS[:6]),
        nation=say(texts, "sheet.nation"),
        motto=say(texts, "sheet.motto"),
        place_and_date=place_and_date(local.date(), texts, place),
        title=say(texts, "erasure.title"),
        lines=(
            say(
                texts,
                "erasure.session",
                session=session.session_id,
                component=session.component_label,
                day=session.day.strftime("%d/%m/%Y"),
                place=session.place,
            ),
            say(
                texts,
                "erasure.what",
                scope=_scope(texts, entry["scope"]),
                sbd=entry.get("sbd", DASH),
                reason=_reason(texts, entry["reason"]),
                time=local.strftime("%H:%M:%S %d/%m/%Y"),
            ),
        ),
    )


def _scope(texts: Texts, scope: str) -> str:
    key = f"erasure.scope.{scope}"
    return say(texts, key) if key in texts else scope


def _closing(
    entry: Mapping[str, Any],
    heads: tuple[Checkpoint, Checkpoint],
    texts: Texts,
    copies: int,
    roles: Mapping[str, str],
) -> Closing:
    count = sum(len(target["names"]) for target in entry["targets"])
    kept = len(entry.get("kept", ()))
    first, second = entry["operator"], entry["second"]
    before, after = heads
    return Closing(
        totals=(
            say(texts, "erasure.total", count=count, words=number_words(count)),
            say(texts, "erasure.kept", count=kept),
            say(texts, "erasure.entry", seq=entry["seq"]),
            say(texts, "erasure.persons", first=_person(first, roles), second=_person(second, roles)),
            say(texts, "erasure.before", size=before.size, root=before.root.hex()),
            say(texts, "erasure.after", size=after.size, root=after.root.hex()),
        ),
        remarks=(say(texts, "erasure.remark"), say(texts, "erasure.copies", count=copies)),
        recipients_label=say(texts, "sheet.recipients"),
        recipients=(say(texts, "sheet.recipient.council"), say(texts, "sheet.recipient.file")),
        signatures=tuple(
            SignatureBlock(role=say(texts, f"erasure.role.{role}"), hint=say(texts, "sheet.sign-here"))
            for role in _ROLES
        ),
    )


def _person(user: Mapping[str, str], roles: Mapping[str, str]) -> str:
    return f"{user['id']} ({roles.get(user['role'], user['role'])})"


def _reason(texts: Texts, code: str) -> str:
    """Return a reason in words, its code behind; the code alone where there are none."""
    key = f"erasure.reason.{code}"
    return f"{say(texts, key)} ({code})" if key in texts else code
