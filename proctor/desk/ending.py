"""What the screen needs of an attempt that is over: its result, the reasons' facts, and who says what of the person."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from proctor.app import Remarks
from proctor.attempt import AttemptResult
from proctor.checks import CheckName
from proctor.desk.events import Candidate, Difference, Ending, Facts, Reason
from proctor.present import AccessText
from readers.cccd.access_plan import AccessSource, number_of, read_access
from readers.cccd.names import same_name
from readers.cccd.qr import QrCard
from readers.emrtd.dates import PartialDate
from readers.emrtd.evidence import ConsistentChip, Holder
from readers.errors import ReaderError
from reports.posting import mask_number
from sessions.course.board import Board
from sessions.course.overrides import require_override, suggested
from sessions.errors import SessionsError
from sessions.record import Verdict
from sessions.roster.model import Seat
from sessions.session import Session
from sessions.store import Store

_SEX = {"nam": "M", "nữ": "F"}
_NOTHING = Remarks(codes=(), owed=())


def ending_of(
    result: AttemptResult,
    *,
    store: Store,
    session: Session,
    remarks: Remarks | None = None,
    access: AccessText | None = None,
    chip: ConsistentChip | None = None,
    board: Board | None = None,
) -> Ending:
    """Return an attempt as the screen shows it. `remarks`: of its candidate; `access`: what opened the chip; `chip`:
    what was read, once its hashes were good; `board`: the desk's, so that the session is not read anew for each
    candidate. Without its entry nothing of the person is told."""
    recorded = result.receipt is not None
    board = board or Board(store, session)
    board.refresh()
    seat = _seat(board, result.sbd) if recorded else None
    said = remarks or _NOTHING
    return Ending(
        verdict=result.verdict,
        recorded=recorded,
        entry=None if result.receipt is None else result.receipt.seq,
        store_error=result.store_error or "",
        reasons=_reasons(result),
        warnings=_warnings(result),
        remarks=said.codes,
        owed=tuple(session.rules.components[name].label for name in said.owed),
        differences=differences(seat, chip, _read(access)) if recorded else (),
        candidate=None if seat is None else _candidate(seat, chip),
        chip=result.decision.chip.value,
        decidable=recorded and _decidable(store, session, board, result),
        interrupted=result.interrupted,
        total_ms=result.total_ms,
    )


def _reasons(result: AttemptResult) -> tuple[Reason, ...]:
    facts: Mapping[str, Facts] = {check.code: check.facts for check in result.checks.values()}
    return tuple(Reason(code=code, facts=dict(facts.get(code, {}))) for code in result.decision.reasons)


def _warnings(result: AttemptResult) -> tuple[Reason, ...]:
    codes = str(result.checks[CheckName.CROSS_CHECK].facts.get("warnings", "")).split()
    return tuple(Reason(code=code) for code in codes)


def _read(access: AccessText | None) -> AccessSource | None:
    if access is None:
        return None
    try:
        return read_access(access.text)
    except ReaderError:
        return None


def _seat(board: Board, sbd: str | None) -> Seat | None:
    """Return a candidate's seat on the list as it is now."""
    return next((seat for seat in board.session.seats if sbd is not None and seat.sbd == sbd), None)


def _candidate(seat: Seat, chip: ConsistentChip | None) -> Candidate:
    by_chip = chip is not None and chip.holder.id_number == seat.id_number
    place = " / ".join(part for part in (seat.room, seat.seat) if part)
    return Candidate(sbd=seat.sbd, name=seat.full_name, place=place, by_chip=by_chip)


def _decidable(store: Store, session: Session, board: Board, result: AttemptResult) -> bool:
    """Whether two persons may decide on a REFER at this desk now, as the rules have it."""
    if result.verdict is not Verdict.REFER:
        return False
    try:
        entries = board.entries
        if result.sbd is not None:
            require_override(session, entries, sbd=result.sbd, attempt_id=result.attempt_id)
            return True
        mine = [each for each in entries if each.body.get("attempt") == result.attempt_id]
        return any(each.kind == "attempt" and bool(suggested(store, session, each)) for each in mine)
    except SessionsError:
        return False


# --- who says what of the person ----------------------------------------------------------------------


def differences(
    seat: Seat | None, chip: ConsistentChip | None, access: AccessSource | None
) -> tuple[Difference, ...]:
    """Return field by field what the list, the chip and the QR code (or the typed number) say; those that nobody says
    anything of are left out. Dates as they are printed here."""
    return compared(seat, None if chip is None else chip.holder, access)


def compared(
    seat: Seat | None, holder: Holder | None, access: AccessSource | None = None
) -> tuple[Difference, ...]:
    """Return the same of a holder whose chip is not here any more."""
    qr = access if isinstance(access, QrCard) else None
    rows = (
        _name(seat, holder, qr),
        _number(seat, holder, access),
        _birth(seat, holder, qr),
        _sex(seat, holder, qr),
        _expiry(holder),
    )
    return tuple(row for row in rows if row.roster or row.chip or row.qr)


def _name(seat: Seat | None, holder: Holder | None, qr: QrCard | None) -> Difference:
    listed = "" if seat is None else seat.full_name
    coded = "" if qr is None else qr.full_name
    if holder is None:
        same = same_name(listed, coded) if listed and coded else None
        return Difference(field_name="name", roster=listed, qr=coded, same=same)
    told = [same_name(name, holder.surname_given) for name in (listed, coded) if name]
    return Difference(
        field_name="name",
        roster=listed,
        chip=holder.display_name,
        qr=coded,
        same=all(told) if told else None,
    )


def _number(seat: Seat | None, holder: Holder | None, access: AccessSource | None) -> Difference:
    number = None if access is None else number_of(access)
    row = _row(
        "number",
        "" if seat is None else seat.id_number,
        "" if holder is None else holder.id_number,
        "" if number is None else number.value,
    )
    roster, chip, qr = shown_numbers(row.roster, row.chip, row.qr)
    return replace(row, roster=roster, chip=chip, qr=qr)


def shown_numbers(*numbers: str) -> tuple[str, ...]:
    """Return numbers with their middle hidden as on paper, but for the places at which they differ: those are what
    somebody compares. "" stays "".
    """
    told = [number for number in numbers if number]
    alike = len({len(number) for number in told}) == 1
    differ = (
        {at for at, digits in enumerate(zip(*told, strict=False)) if len(set(digits)) > 1} if alike else set()
    )
    return tuple(_hidden(number, differ) for number in numbers)


def _hidden(number: str, differ: set[int]) -> str:
    masked = mask_number(number) if number else ""
    if len(masked) != len(number):  # too short to show any of it
        return masked
    return "".join(
        own if at in differ else dot for at, (own, dot) in enumerate(zip(number, masked, strict=True))
    )


def _birth(seat: Seat | None, holder: Holder | None, qr: QrCard | None) -> Difference:
    dates: list[PartialDate | None] = [
        None
        if seat is None
        else PartialDate(year=seat.birth.year, month=seat.birth.month, day=seat.birth.day),
        None if holder is None else holder.birth,
        None if qr is None else qr.birth,
    ]
    known = [each for each in dates if each is not None]
    same = all(a.agrees_with(b) for i, a in enumerate(known) for b in known[i + 1 :])
    listed, read, coded = ("" if each is None else _printed(each) for each in dates)
    return Difference(
        field_name="birth", roster=listed, chip=read, qr=coded, same=same if len(known) > 1 else None
    )


def _sex(seat: Seat | None, holder: Holder | None, qr: QrCard | None) -> Difference:
    listed = "" if seat is None else _SEX.get(seat.sex.casefold(), seat.sex)
    read = "" if holder is None or holder.sex not in {"M", "F"} else holder.sex
    return _row("sex", listed, read, "" if qr is None else qr.sex)


def _expiry(holder: Holder | None) -> Difference:
    day = None if holder is None else holder.expiry
    return _row("expiry", "", "" if day is None else _day(day), "")


def _row(name: str, roster: str, chip: str, qr: str) -> Difference:
    told = [each for each in (roster, chip, qr) if each]
    same = len(set(told)) == 1 if len(told) > 1 else None
    return Difference(field_name=name, roster=roster, chip=chip, qr=qr, same=same)


def _printed(value: PartialDate) -> str:
    return value.iso if value.full is None else _day(value.full)


def _day(value: date) -> str:
    return value.strftime("%d/%m/%Y")
