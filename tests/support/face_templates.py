"""People as unit vectors: pictures of one person are alike, of two they are not; and attempts that leave them."""

from types import SimpleNamespace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from biometrics.evidence import Live
from biometrics.template import Template
from biometrics.template_code import Space, template_bytes
from sessions.record import Operator, Verdict
from sessions.session import Session
from sessions.store import Store
from tests.support.sessions_station import OPERATOR, record

MODEL = "specimen"
SHA256 = "ab" * 32
SPACE = Space(model=MODEL, model_sha256=SHA256, rule="mean")


def face(person: int, picture: int = 0, *, like: float = 0.9, model: str = MODEL) -> Template:
    """Return one picture of a person: two pictures of one person score about `like` squared, of two near 0."""
    mean, noise = _unit(person, 0), _unit(person, picture + 1)
    noise -= (noise @ mean) * mean
    vector = like * mean + np.sqrt(1 - like**2) * noise / np.linalg.norm(noise)
    return Template(vector=(vector / np.linalg.norm(vector)).astype(np.float32), model=model)


def _unit(person: int, picture: int) -> NDArray[np.float64]:
    vector = np.random.default_rng([person, picture]).normal(size=128)
    return np.asarray(vector / np.linalg.norm(vector))


def live(template: Template) -> Live:
    """Return what the search needs of a live face."""
    return cast(Live, SimpleNamespace(template=template))


def still(template: Template) -> SimpleNamespace:
    """Return what the search needs of a reference."""
    return SimpleNamespace(template=template)


def come(
    store: Store,
    session: Session,
    sbd: str | None,
    reference: Template | None,
    probe: Template | None,
    *,
    space: Space = SPACE,
    component: str = "theory",
    operator: Operator = OPERATOR,
    more: dict[str, bytes] | None = None,
) -> int:
    """Enter an attempt that left these templates; return its entry's number."""
    number = len(store.entries("attempt"))
    piece = template_bytes(space, reference=reference, probe=probe)
    attempt = record(
        number,
        session_id=session.session_id,
        sbd=sbd,
        component=component,
        verdict=Verdict.REFER,
        roster_hash=session.roster_hash,
        rules_sha256=session.rules_sha256,
        operator=operator,
    )
    store.begin_attempt(
        attempt.attempt_id, session=session.session_id, component=component, operator=operator
    )
    kept = {} if piece is None else {"template": piece}
    return store.append_attempt(attempt, {**(more or {}), **kept}).seq
