"""What the commands of exceptions share: who acts in which session, and how an entry of theirs is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from proctor.commands.context import Context
from proctor.commands.session import open_session
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import OpenRoot
from sessions.course.numbers import own_sbd
from sessions.course.reasons import MAX_PHOTO
from sessions.record import Operator, Second
from sessions.session import Session
from sessions.store import Receipt


@contextmanager
def acting(context: Context, action: str) -> Iterator[tuple[OpenRoot, Session, Operator]]:
    """Open the session of the options at its component, for somebody whose role may do this.

    The candidate number of the options is from then on as the session's list writes it: "7" is 007.
    """
    component = getattr(context.options, "component", None)
    with open_session(context, context.options.session, login=True) as (opened, session):
        operator = session.rules.require_may(opened.require_login().operator, action)
        said = getattr(context.options, "sbd", None)
        if said is not None:
            context.options.sbd = own_sbd(session, said)
        yield opened, (session if component is None else session.at(component)), operator


def read_words(context: Context, *names: str) -> dict[str, str]:
    """Return options that "-" reads from standard input, by name; at most one may. Raises CommandError."""
    given = {name: getattr(context.options, name) or "" for name in names}
    if sum(value == "-" for value in given.values()) > 1:
        raise CommandError("exception-too-many-stdin", usage=True)
    return {name: context.read_argument(value) if value else "" for name, value in given.items()}


def read_photo(context: Context) -> bytes | None:
    """Return the bytes of the photo that the options name, or None."""
    photo = context.options.photo
    return None if photo is None else read_file(photo, MAX_PHOTO + 1)


def entered(
    session: Session, receipt: Receipt, *, kind: str, operator: Operator, second: Second | None = None
) -> dict[str, Any]:
    """Return what every command of exceptions says of its entry."""
    data: dict[str, Any] = {
        "ok": True,
        "session": session.session_id,
        "component": session.component,
        "kind": kind,
        "entry": {"seq": receipt.seq, "size": receipt.size, "root": receipt.root.hex()},
        "by": {"id": operator.user_id, "role": operator.role},
    }
    if second is not None:
        data["second"] = {"id": second.user_id, "role": second.role, "proof": second.proof}
        data["weak"] = second.proof == "password"
    return data


def said(context: Context, data: dict[str, Any], line: str) -> int:
    """Print the result and, where the second person's presence is weakly proven, that this will be seen."""
    weak = (context.texts.say("exception.weak"),) if data.get("weak") else ()
    context.result(data, (line, *weak))
    return 0
