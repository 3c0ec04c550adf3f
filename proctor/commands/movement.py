"""`proctor exit`, `proctor re-entry`, `proctor spot-check`, `proctor consent`: one candidate, one person, one entry."""

from typing import Any

from proctor.commands.context import Context
from proctor.commands.exceptions import acting, entered, read_words, said
from proctor.texts import load_texts
from sessions.course.consent import OUTCOMES, enter_consent
from sessions.course.movement import ADMITTED, come_back, enter_spot_check, leave


def enter_exit(context: Context) -> int:
    """A candidate leaves the room."""
    options = context.options
    with acting(context, "movement") as (opened, session, operator):
        receipt = leave(opened.store, session, sbd=options.sbd, reason=options.reason, operator=operator)
    data = entered(session, receipt, kind="exit", operator=operator)
    data |= {"candidate": options.sbd, "reason": options.reason}
    return said(context, data, context.texts.say("exception.exit", sbd=options.sbd, entry=receipt.seq))


def enter_re_entry(context: Context) -> int:
    """Somebody comes back; exit 0 only if it is the person who went out."""
    options = context.options
    with acting(context, "movement") as (opened, session, operator):
        outcome, receipt = come_back(
            opened.store, session, sbd=options.sbd, attempt_id=options.attempt, operator=operator
        )
        body = opened.store.entry(receipt.seq).body
    data: dict[str, Any] = entered(session, receipt, kind="re-entry", operator=operator)
    data |= {"candidate": options.sbd, "outcome": outcome, "of": body.get("of")}
    line = context.texts.say(
        f"exception.re-entry.{outcome}", sbd=options.sbd, entry=receipt.seq, of=body.get("of", "")
    )
    said(context, data, line)
    return 0 if outcome == ADMITTED else 1


def enter_check(context: Context) -> int:
    """What came of the random check of a drawn candidate; exit 0 only for the same person."""
    options = context.options
    note = read_words(context, "note")["note"]
    with acting(context, "spot-check") as (opened, session, operator):
        outcome, receipt = enter_spot_check(
            opened.store,
            session,
            sbd=options.sbd,
            attempt_id=options.attempt,
            outcome=options.outcome,
            note=note,
            operator=operator,
        )
        body = opened.store.entry(receipt.seq).body
    data: dict[str, Any] = entered(session, receipt, kind="spot-check", operator=operator)
    data |= {"candidate": options.sbd, "outcome": outcome, "draw": int(body["draw"]), "of": body.get("of")}
    word = context.texts.say(f"spot-check.{outcome}")
    line = context.texts.say("exception.spot-check", sbd=options.sbd, outcome=word, entry=receipt.seq)
    if outcome == "other-person":
        line = f"{line}\n{context.texts.say('spot-check.other-person.then', sbd=options.sbd)}"
    said(context, data, line)
    return 0 if outcome == "same-person" else 1


def consent(context: Context) -> int:
    """A candidate was shown the notice, agrees, or refuses; refusing leads to the manual path and to nothing else."""
    options = context.options
    outcome = next(name for name in OUTCOMES if getattr(options, name))
    notice = load_texts("vi")["notice.text"]
    with acting(context, "check-in") as (opened, session, operator):
        receipt = enter_consent(
            opened.store, session, sbd=options.sbd, outcome=outcome, notice=notice, operator=operator
        )
    version = session.rules.notice_version
    data = entered(session, receipt, kind="consent", operator=operator)
    data |= {"candidate": options.sbd, "outcome": outcome, "version": version}
    if outcome == "shown":
        context.console.print(notice, markup=False)
    line = context.texts.say(
        f"exception.consent.{outcome}", sbd=options.sbd, version=version, entry=receipt.seq
    )
    return said(context, data, line)
