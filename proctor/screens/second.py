"""Who may be the second person of an action, and how they may prove to be there, as a page offers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from proctor.roots import OpenRoot
from proctor.seconds import CARD_FACE, PASSWORD, PROOFS, TOKEN, TRAINING
from sessions.session import Session
from sessions.users import list_users

AT_THE_DESK: Final = (PASSWORD, TOKEN)
"""Proofs that a page can take: a password, or a code of the person's own token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """`people`: id and words ("Trần Thị Thử · binh"); none in training, where any other name is typed.

    `proofs`: weakest first; `card_face`: whether the rules take card and face, which needs the devices of an open desk.
    """

    people: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proofs: tuple[str, ...] = (PASSWORD,)
    training: bool = False
    card_face: bool = False

    def at(self, *, lends: bool) -> tuple[str, ...]:
        """Return the proofs there are where a desk lends its devices, or where none does."""
        return (*self.proofs, CARD_FACE) if self.card_face and lends else self.proofs


def seconds_of(opened: OpenRoot, session: Session, action: str) -> Seconds:
    """Return who may be the second person of an action in a session. Reads the users: beside the window's thread."""
    if opened.training:
        return Seconds(proofs=(TRAINING,), training=True)
    known, own = opened.store.people(), opened.require_login().operator.user_id
    rule = session.rules.second(action)
    names = {each.user_id: each.name for each in list_users(opened.root, opened.keys)}
    people = tuple(
        (user, " · ".join(dict.fromkeys(text for text in (names.get(user, ""), user) if text)))
        for user, role in sorted(known.roles.items())
        if role in rule.roles and user != own
    )
    proofs = tuple(proof for proof in PROOFS if proof in rule.proofs and proof in AT_THE_DESK)
    return Seconds(people=people, proofs=proofs, card_face=CARD_FACE in rule.proofs)


def second_words(values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the options that name the second person of a filled-in form; none where nobody is named."""
    second, proof = values.get("second", ""), values.get("proof", "")
    named = (f"--second={second}",) if second else ()
    return (*named, *((f"--second-proof={proof}",) if proof and proof != TRAINING else ()))
