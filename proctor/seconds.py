"""The second person of an entry that needs two: who, in which role, and how presence was proven."""

from dataclasses import replace
from typing import Literal

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.logins import guard_of, log_in
from proctor.present import AccessText
from proctor.roots import TRAINING_ROLE, OpenRoot, memory_folder, require_another_user, settled_login
from proctor.tokens import TokenPerson
from sessions.errors import UserIdError
from sessions.events import USER_ID
from sessions.people_errors import SecondRoleError, SecondWeakError
from sessions.people_guard import LoginGuard
from sessions.record import Second
from sessions.roles import require_may
from sessions.rules import Rules
from sessions.session import Session

PASSWORD, TOKEN, CARD_FACE, TRAINING = "password", "token", "card-face", "training"
PROOFS = (PASSWORD, TOKEN, CARD_FACE)
"""Weakest first."""
ACCESS: tuple[Literal["qr"], Literal["number"]] = ("qr", "number")


def second_of(context: Context, opened: OpenRoot, action: str, session: Session | None = None) -> Second:
    """Return the second person that the options of a command name, proven present.

    `action`: what the entry does (of sessions.roles.ACTIONS); with `session`, its rules say which roles may
    confirm it and which proofs are enough. Raises CommandError "second-missing", "same-person",
    RoleForbiddenError, SecondRoleError, SecondWeakError, WrongSecretError, and the errors of the proof.
    """
    user = require_another_user(opened, context.options.second)
    rules = None if session is None else session.rules
    proof = _proof_of(context)
    if opened.training:
        return _of_training(context, opened, user, action, session, proof=proof)
    _require_enough(rules, action, proof)
    login = settled_login(opened, log_in(opened.root, user, context.ask, _guard(opened)))
    operator = login.operator
    if rules is None:
        require_may(operator, "confirm")
    elif operator.role not in rules.second(action).roles:
        known = " ".join(sorted(rules.second(action).roles))
        raise SecondRoleError(role=operator.role, action=action, roles=known)
    second = Second(user_id=operator.user_id, role=operator.role, signer=operator.signer)
    if proof == TOKEN:
        return replace(second, proof=TOKEN, token=TokenPerson.of(login, context.ask))
    if proof == CARD_FACE:
        seq = _present(context, opened, second, action, session)
        return replace(second, proof=CARD_FACE, presence=seq)
    return second


def second_of_export(context: Context, opened: OpenRoot, session: Session) -> Second | None:
    """Return the second person of an export; in training one is needed only where the options name one.

    Raises as `second_of`.
    """
    if opened.training and not context.options.second:
        return None
    return second_of(context, opened, "export", session)


def _guard(opened: OpenRoot) -> LoginGuard:
    return guard_of(opened.root, memory_folder(opened.root))


def _proof_of(context: Context) -> str:
    return getattr(context.options, "second_proof", None) or PASSWORD


def _require_enough(rules: Rules | None, action: str, proof: str) -> None:
    """Raise SecondWeakError unless the rules of a session take this proof; the station's own affairs take any."""
    if rules is None:
        return
    enough = rules.second(action).proofs
    if proof not in enough:
        raise SecondWeakError(
            action=action, proof=proof, proofs=" ".join(each for each in PROOFS if each in enough)
        )


def _of_training(
    context: Context, opened: OpenRoot, user: str, action: str, session: Session | None, *, proof: str
) -> Second:
    """Return a second person of training: nobody is asked for a password; a software card is read if one is named.

    Raises UserIdError for what could be nobody's user id.
    """
    if not USER_ID.fullmatch(user):
        raise UserIdError
    second = Second(user_id=user, role=TRAINING_ROLE, proof=TRAINING)
    if proof != CARD_FACE:
        return second
    return replace(second, proof=CARD_FACE, presence=_present(context, opened, second, action, session))


def _present(context: Context, opened: OpenRoot, second: Second, action: str, session: Session | None) -> int:
    from proctor.presence import Presence, show_presence  # noqa: PLC0415 - cards and faces: not for a password

    options = context.options
    kind = next((kind for kind in ACCESS if getattr(options, f"second_{kind}", None) is not None), None)
    if kind is None or not options.second_reader or not options.second_camera:
        raise CommandError("second-card-options", usage=True)
    presence = Presence(
        user=second.user_id,
        action=action,
        access=AccessText(kind, context.read_argument(getattr(options, f"second_{kind}"))),
        reader=options.second_reader,
        camera=options.second_camera,
    )

    def show_notice(version: str, text: str) -> None:
        context.say("notice.shown", version=version, text=text)

    return show_presence(opened, presence, second=second, session=session, show_notice=show_notice)
