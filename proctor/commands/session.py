"""`proctor session …`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from proctor.commands.context import Context
from proctor.commands.roster import notice_lines, read_list, refused_json, refused_lines
from proctor.commands.witness_show import outcome_json, outcome_line
from proctor.config import TRAINING_SESSION_PREFIX
from proctor.day_totals import closing_json, closing_lines, day_json, day_lines
from proctor.errors import CommandError
from proctor.keeping import backup_after_close, backup_lines
from proctor.names import component_of
from proctor.roots import OpenRoot, kind_at
from proctor.softcards import CardWorkshop, open_workshop
from proctor.tpm import advance
from proctor.trusting import open_logged_trust
from proctor.witness.cosigning import SHEET_DEADLINE_S, push
from proctor.witness.settings import load_witnesses
from readers.emrtd.pki.store import TrustStore
from sessions.closing import close_session, counts_of, is_closed
from sessions.course.board import Board
from sessions.course.health import health_warnings
from sessions.roles import require_may
from sessions.roster.by_rules import by_rules
from sessions.roster.model import Roster
from sessions.rules import find_rules, sections_of
from sessions.session import Session, create_session, list_sessions, load_session
from sessions.vietnam import today

SESSION_PREFIXES = ("S-", TRAINING_SESSION_PREFIX)


@contextmanager
def open_for(context: Context, *, training: bool, login: bool) -> Iterator[OpenRoot]:
    """Open the real root as a person, or the training root."""
    if training:
        with context.open_training() as opened:
            yield opened
    else:
        with context.open_real(login=login) as opened:
            yield opened


@contextmanager
def open_session(context: Context, session_id: str, *, login: bool) -> Iterator[tuple[OpenRoot, Session]]:
    """Open the root that a session id belongs to, and the session."""
    if context.places.root is None and not session_id.startswith(SESSION_PREFIXES):
        raise CommandError("session-unknown", session=session_id)
    path = context.places.of_session(session_id)
    with open_for(context, training=kind_at(path) == "training", login=login) as opened:
        yield opened, load_session(opened.store, session_id)


@contextmanager
def open_at(context: Context, *, login: bool) -> Iterator[tuple[OpenRoot, Session]]:
    """Open the session of the options, at the component that they name, else at its first."""
    options = context.options
    with open_session(context, options.session, login=login) as (opened, session):
        yield opened, session.at(options.component or session.component)


def create(context: Context) -> int:
    """Create a session from a roster and rules. A refused row stops it unless --skip-bad-rows."""
    options = context.options
    if not options.place.strip():
        raise CommandError("place-empty", usage=True)
    roster = read_list(context, options.roster)
    day = _day(options.date)
    rules = find_rules(options.rules, day=day)
    roster = by_rules(roster, rules)
    parts = tuple(rules.components) if "all" in options.component else tuple(options.component)
    _report_rows(context, roster)
    if roster.refused and not options.skip_bad_rows:
        return _refuse_rows(context, roster)
    if roster.refused:
        _say_rows(context, roster, "skipped-rows")
    with open_for(context, training=options.training, login=True) as opened:
        operator = opened.require_login().operator
        require_may(operator, "create-session")
        trust_of(opened)  # an altered trust store stops the day before it begins, not at the first card
        session = create_session(
            opened.store,
            root_kind=opened.root.kind,
            roster=roster,
            rules=rules,
            component=parts[0],
            components=parts[1:],
            place=options.place,
            day=day,
            operator=operator,
        )
        data = session_json(opened, session) | {"refused_rows": refused_json(roster)}
    line = context.texts.say(
        "result.session",
        id=session.session_id,
        count=len(session.seats),
        component=", ".join(session.rules.components[name].label for name in session.components),
    )
    context.result(data, (session.session_id, line, *rules_marks(context, session)))
    return 0


def rules_marks(context: Context, session: Session) -> tuple[str, ...]:
    """The line that says what of the session's rules nobody has confirmed; none when all is."""
    keys = session.unconfirmed
    if not keys:
        return ()
    named = ", ".join(context.texts.say(f"rules.section.{name}") for name in sections_of(keys))
    return (context.texts.say("rules.mark", count=len(keys), keys=named, rules=session.rules_id),)


def _day(text: str | None) -> date:
    if text is None:
        return today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError("bad-date", usage=True, value=text) from None


def _report_rows(context: Context, roster: Roster) -> None:
    for line in notice_lines(roster, context.texts):
        context.console.print(line, markup=False)


def _refuse_rows(context: Context, roster: Roster) -> int:
    _say_rows(context, roster, "bad-rows")
    context.result({"ok": False, "code": "bad-rows", "refused_rows": refused_json(roster)}, ())
    return 1


def _say_rows(context: Context, roster: Roster, code: str) -> None:
    context.say(code, rows=len({bad.row for bad in roster.refused}))
    for line in refused_lines(roster, context.texts):
        context.console.print(line, markup=False)


def session_json(opened: OpenRoot, session: Session) -> dict[str, Any]:
    """A session and where it stands, at the component that is meant and at each."""
    board = Board(opened.store, session)
    return {
        "id": session.session_id,
        "date": session.day.isoformat(),
        "place": session.place,
        "component": session.component,
        "components": [
            {
                "id": name,
                "label": session.rules.components[name].label,
                "counts": {str(state): count for state, count in board.counts(name).items()},
            }
            for name in session.components
        ],
        "part": None if session.part is None else session.part.as_body(),
        "rules": session.rules_id,
        "rules_sha256": session.rules_sha256,
        "rules_status": session.rules.source.status,
        "rules_unconfirmed": list(session.unconfirmed),
        "roster_hash": session.roster_hash,
        "candidates": len(session.seats),
        "training": session.kind == "training",
        "closed": is_closed(opened.store, session.session_id),
        "counts": {str(state): count for state, count in board.counts(session.component).items()},
    }


def list_all(context: Context) -> int:
    """List the sessions of the real root, or of training."""
    with open_for(context, training=context.options.training, login=False) as opened:
        rows = [session_json(opened, session) for session in list_sessions(opened.store)]
    lines = [f"{row['id']}  {row['component']}  {row['candidates']}  {row['place']}" for row in rows]
    context.result({"sessions": rows}, tuple(lines))
    return 0


def show(context: Context) -> int:
    """Show one session with its candidates by SBD."""
    with open_at(context, login=False) as (opened, session):
        data = session_json(opened, session)
        board = Board(opened.store, session)
        rows = board.standings()
        data |= day_json(opened.store, board)
    data["roll"] = [
        {
            "candidate": row.sbd or None,
            "state": str(row.state),
            "admitted": row.admitted,
            "how": row.how or None,
            "verdict": None if row.verdict is None else str(row.verdict),
            "chip_verdict": row.chip_verdict or None,
            "attempts": row.attempts,
            "entry": row.seq,
            "reasons": list(row.reasons),
            "incidents": dict(row.incidents),
            "warnings": list(health_warnings(row.seat, session.rules, session.day)),
        }
        for row in rows
    ]
    head = [f"{data['id']}  {component_of(session, context.texts)}  {data['place']}  {data['date']}"]
    head += day_lines(data, context.texts)
    gone = context.texts.say("erased.row")
    say = context.texts.say
    lines = [
        f"  {row.sbd or gone}  {say(f'state.{row.state}')}  {_why(context, row.reasons)}".rstrip()
        for row in rows
    ]
    context.result(data, (*head, *rules_marks(context, session), *lines))
    return 0


def close(context: Context) -> int:
    """Close a session: the counts are committed, and nobody is checked in after that."""
    options = context.options
    with open_session(context, options.session, login=True) as (opened, session):
        operator = session.rules.require_may(opened.require_login().operator, "close")
        receipt = close_session(opened.store, session, operator=operator, reason=options.reason or "finished")
        counts = dict(counts_of(opened.store, session))
        board = Board(opened.store, session)
        counter = advance(opened.store, operator=operator)
        asked = push(opened.store, load_witnesses(opened.root, opened.store), deadline_s=SHEET_DEADLINE_S)
        saved = backup_after_close(opened)
    data = {
        "ok": True,
        "session": session.session_id,
        "entry": {"seq": receipt.seq, "size": receipt.size, "root": receipt.root.hex()},
        "counts": counts,
        **closing_json(board),
        "backup": saved,
        "witnesses": [outcome_json(found) for found in asked],
        "tpm": counter.code,
    }
    line = context.texts.say("result.closed", session=session.session_id, **counts)
    root = context.texts.say("result.entry", seq=receipt.seq, root=receipt.root.hex())
    signed = tuple(outcome_line(context, found) for found in asked)
    came_to = closing_lines(board, context.texts)
    context.result(data, (line, *came_to, root, *signed, *backup_lines(context.texts, saved)))
    unsigned = any(found.witness.required and found.cosignature is None for found in asked)
    return 1 if unsigned or (saved is not None and not saved["ok"]) else 0


def _why(context: Context, reasons: Iterable[str]) -> str:
    """Return reasons in the few words that the sheets have for them."""
    return "; ".join(context.texts.get(f"sheet.reason.{code}", code) for code in reasons)


def trust_of(opened: OpenRoot) -> tuple[TrustStore, CardWorkshop | None]:
    if opened.training:
        workshop, trust = open_workshop(opened.root, opened.keys)
        return trust, workshop
    return open_logged_trust(opened.root, opened.keys, opened.store), None
