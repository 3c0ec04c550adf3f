"""Sessions, rolls and pictures to print; texts from the product's own files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

from PIL import Image

from proctor.texts import load_texts
from reports.attendance import NO_PICTURES, Pictures, build_attendance
from reports.sheet import Sheet
from sessions.checkpoint import Checkpoint, Signer
from sessions.course.entries import SessionEntry
from sessions.course.states import Standing, State
from sessions.record import Verdict, format_utc
from sessions.roster.model import PartialDate, Seat
from sessions.rules import load_rules
from sessions.session import Session

SEED = bytes(range(32))
ROOT = bytes(range(100, 132))
ROSTER_HASH = "0123456789abcdef" * 4
DAY = date(2026, 11, 22)
LONG_NAME = "NGUYỄN PHÚC HOÀNG THỊ BÍCH NGỌC QUỲNH DƯƠNG ẨM ỄN"
LONG_WORD = "KRAJANKHONGKANCHANARATTANAPHONGPHAIBOONWATTHANASUK"
NAMES = ("NGUYỄN VĂN MẪU", "TRẦN THỊ MẪU", LONG_NAME, "LÊ ĐỖ ƯỚC MẪU", "Đặng Thị Mẫu", "H'MẪU NIÊ")
STATES = (State.ADMITTED, State.ADMITTED, State.REFERRED, State.REFUSED, State.NOT_SEEN, State.ADMITTED)
_VERDICTS = {State.ADMITTED: Verdict.ADMIT, State.REFERRED: Verdict.REFER, State.REFUSED: Verdict.REFUSE}
_REASONS = {State.ADMITTED: (), State.REFERRED: ("pa-no-trust-anchor",), State.REFUSED: ("face-no-match",)}
_CHIPS = {State.ADMITTED: "genuine", State.REFERRED: "signer-unknown", State.REFUSED: "altered"}


@cache
def texts(language: str = "vi") -> dict[str, str]:
    """The paper's texts of a language."""
    return dict(load_texts(language))


def signer(kind: str = "real") -> Signer:
    """A station's log key, always the same."""
    return Signer(f"proctor.{kind}/0a1b2c3d", SEED)


def seat(number: int, name: str | None = None, **fields: object) -> Seat:
    """A candidate; `number` from 1."""
    values: dict[str, object] = {
        "row": number + 1,
        "sbd": f"{number:03d}",
        "full_name": NAMES[(number - 1) % len(NAMES)] if name is None else name,
        "birth": PartialDate(year=1999) if number % 5 == 0 else PartialDate(year=1999, month=1, day=15),
        "id_number": f"0010990{number:05d}",
        "licence_class": ("B", "C1", "D1E", "")[number % 4],
    }
    return Seat(**(values | fields))  # type: ignore[arg-type]


def entry_of(seq: int, kind: str, at: datetime, **body: object) -> SessionEntry:
    """An entry of this station's log."""
    origin = signer().key.name
    common = {"at": format_utc(at), "operator": {"id": "nv01", "role": "identity-examiner"}, "origin": origin}
    return SessionEntry(seq=seq, kind=kind, body={**common, **body}, origin=origin, held=seq)


def roll_row(number: int, state: State, name: str | None = None, **fields: object) -> Standing:
    """A candidate in a state, with an attempt that fits it; `fields` of the attempt's body, or of the standing."""
    shown = fields.pop("seat", None) or seat(number, name)
    row = Standing(seat=shown, component="theory", state=state)  # type: ignore[arg-type]
    if state in {State.NOT_SEEN, State.ABSENT}:
        return row
    at = fields.pop("at", datetime(2026, 11, 22, 1, 2, tzinfo=UTC) + timedelta(minutes=number))
    body: dict[str, object] = {
        "sbd": row.sbd,
        "component": "theory",
        "attempt": f"00000000-0000-4000-8000-{number:012d}",
        "verdict": fields.pop("verdict", _VERDICTS.get(state, Verdict.ADMIT)).value,  # type: ignore[attr-defined]
        "method": "chip-face",
        "reasons": list(_REASONS.get(state, ())),
        "chip_verdict": _CHIPS.get(state, "genuine"),
        "checks": {},
        **{key: fields.pop(key) for key in ("reasons", "method", "chip_verdict") if key in fields},
    }
    row.attempt = row.entry = entry_of(int(fields.pop("seq", number + 4)), "attempt", at, **body)  # type: ignore[arg-type]
    row.attempts = 1
    if state is State.ADMITTED:
        row.admitted, row.how = True, str(body["method"])
    for key, value in fields.items():
        setattr(row, key, value)
    return row


def mixed_roll(count: int) -> tuple[Standing, ...]:
    """Candidates in every state, names of every kind."""
    return tuple(roll_row(number, STATES[(number - 1) % len(STATES)]) for number in range(1, count + 1))


def session_of(roll: Sequence[Standing], *, kind: str = "real", rules: str = "driving-tt108-2026") -> Session:
    """A session whose roster is this roll's."""
    return Session(
        session_id="S-20261122-01" if kind == "real" else "HL-20261122-01",
        kind=kind,
        day=DAY,
        place="Sân sát hạch mẫu, tỉnh Thanh Hóa",
        component="theory",
        component_label="Lý thuyết",
        rules_id=rules,
        rules_sha256="ab" * 32,
        roster_hash=ROSTER_HASH,
        opened_at=datetime(2026, 11, 22, tzinfo=UTC),
        seq=3,
        seats=tuple(row.seat for row in roll),
        rules=load_rules(rules),
        components=("theory",),
    )


def head_of(kind: str = "real", size: int = 1_234) -> Checkpoint:
    """A tree head of that station."""
    return Checkpoint(origin=signer(kind).key.name, size=size, root=ROOT)


@cache
def portrait(shade: int = 0, size: tuple[int, int] = (300, 400)) -> bytes:
    """A JPEG with some structure, not a person."""
    gradient = Image.linear_gradient("L").resize(size)
    picture = Image.merge("RGB", (gradient, gradient.rotate(180), Image.new("L", size, shade % 256)))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


PICTURES = Pictures(chip=portrait, live=lambda seq: portrait(seq + 100, (640, 480)))


def sheet_of(
    roll: Sequence[Standing], *, kind: str = "real", pictures: Pictures = NO_PICTURES, language: str = "vi"
) -> Sheet:
    """The page model of a roll."""
    return build_attendance(
        session_of(roll, kind=kind),
        roll,
        texts=texts(language),
        head=head_of(kind),
        pictures=pictures,
        language=language,
    )
