"""What holds for every test: a busy machine makes no example too slow; pytest's own limit still ends a hang.

Sixty generated examples where a test says no other number: `make fuzz` tries many more.
"""

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import settings

from sessions import slots
from tests.support.kept_worker import KeptFaceWorker

settings.register_profile("proctor", deadline=None, max_examples=40)
settings.load_profile("proctor")


@pytest.fixture(scope="session", autouse=True)
def same_password_same_key() -> Iterator[None]:
    """Argon2id is a function of its arguments alone: the same password, salt and cost are worked out once a run.

    New slots have salts of their own, so each password still goes through it at its full cost at least once.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots, "hash_secret_raw", cache(slots.hash_secret_raw))
        yield


@pytest.fixture(scope="session", autouse=True)
def face_workers_are_kept() -> Iterator[None]:
    """Desks of one process take the face worker of the test before, as a station's desk serves one candidate after
    another; what starts, ends and kills workers has tests with its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proctor.app.FaceWorker", KeptFaceWorker)
        patch.setattr("proctor.presence.FaceWorker", KeptFaceWorker)
        yield
    KeptFaceWorker.end_all()
