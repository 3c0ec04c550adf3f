"""What two persons may do about a REFER at the desk: the same rules and the same entry as the command's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proctor.config import Places
from proctor.desk.decisions import Decisions, Wish
from proctor.errors import CommandError
from proctor.roots import OpenRoot, ensure_training_root, open_training
from sessions.course.exception_errors import NoteMissingError, OverrideAfterRefuseError
from sessions.errors import EvidenceMissingError, SessionsError
from sessions.people_errors import ProofMissingError
from sessions.record import Second, Verdict
from tests.support.exceptions import REFER, REFUSE, Sitting


def nobody(_user: str) -> str:
    raise AssertionError("in training nobody is asked")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRoot]:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "home"))
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        yield opened


def test_a_referred_candidate_is_let_in_by_two(root: OpenRoot) -> None:
    sitting = Sitting(root.store)
    attempt = sitting.attempt(REFER, "face-refer")
    decisions = Decisions(root, sitting.session)
    referred = decisions.referred(attempt, "001")
    assert referred.blocked == ""
    assert referred.proofs == ("training",)
    assert "suggestion-confirmed" not in [reason.code for reason in referred.reasons]
    wish = Wish(sbd="001", reason="face-compared", second="binh", proof="training")
    receipt = decisions.admit(attempt, wish, nobody)
    entry = root.store.entry(receipt.seq)
    assert (entry.kind, entry.body["of"], entry.body["reason"]) == ("override", attempt, "face-compared")
    assert entry.body["second"]["id"] == "binh"
    assert decisions.referred(attempt, "001").blocked == "exception-already-in"


def test_nobody_is_their_own_second_and_some_reasons_need_words(root: OpenRoot) -> None:
    sitting = Sitting(root.store)
    attempt = sitting.attempt(REFER, "face-refer")
    decisions = Decisions(root, sitting.session)
    before = len(root.store.entries())
    with pytest.raises(CommandError) as told:
        decisions.admit(attempt, Wish(sbd="001", reason="face-compared", second="tap-huan"), nobody)
    assert told.value.code == "same-person"
    with pytest.raises(CommandError):
        decisions.admit(attempt, Wish(sbd="001", reason="face-compared", second=""), nobody)
    with pytest.raises(NoteMissingError):
        decisions.admit(attempt, Wish(sbd="001", reason="other", second="binh"), nobody)
    assert len(root.store.entries()) == before


@pytest.mark.parametrize(
    ("verdict", "reason", "blocked"),
    [(REFER, "wrong-room", "override-not-for"), (REFUSE, "face-no-match", "override-after-refuse")],
)
def test_what_no_look_at_a_person_settles_is_blocked_with_its_reason(
    root: OpenRoot, verdict: Verdict, reason: str, blocked: str
) -> None:
    sitting = Sitting(root.store)
    attempt = sitting.attempt(verdict, reason)
    decisions = Decisions(root, sitting.session)
    assert decisions.referred(attempt, "001").blocked == blocked
    with pytest.raises(SessionsError) as told:
        decisions.admit(attempt, Wish(sbd="001", reason="face-compared", second="binh"), nobody)
    assert told.value.code == blocked
    assert blocked != "override-after-refuse" or isinstance(told.value, OverrideAfterRefuseError)


def test_an_attempt_that_names_nobody_offers_whom_it_may_mean(root: OpenRoot) -> None:
    sitting = Sitting(root.store)
    seat = sitting.session.seats[0]
    identity = {"name": seat.full_name, "birth": seat.birth.iso}
    attempt = sitting.attempt(REFER, "not-on-roster", sbd=None, identity=identity)
    stranger = sitting.attempt(REFER, "not-on-roster", sbd=None)
    decisions = Decisions(root, sitting.session)
    referred = decisions.referred(attempt, "")
    assert [known.sbd for known in referred.known] == [seat.sbd]
    assert [reason.code for reason in referred.reasons] == ["suggestion-confirmed"]
    assert seat.full_name not in repr(referred)
    assert decisions.referred(stranger, "").blocked == "checkin.decision.nobody"
    wish = Wish(sbd=seat.sbd, reason="suggestion-confirmed", second="binh", proof="training")
    assert decisions.admit(attempt, wish, nobody).seq


def test_frames_are_looked_at_only_after_the_entry_that_says_who_looked(root: OpenRoot) -> None:
    sitting = Sitting(root.store)
    plain = sitting.attempt(REFER, "face-refer")
    attempt = sitting.attempt(REFER, "pad-turn-failed", sbd="002", frames=b"\xff\xd8sheet")
    decisions = Decisions(root, sitting.session)
    before = len(root.store.entries("view"))
    assert not decisions.referred(plain, "001").framed
    assert decisions.referred(attempt, "002").framed
    assert len(root.store.entries("view")) == before  # looking up is no look
    seen = decisions.look(attempt, "để quyết định")
    entry = root.store.entry(seen.entry)
    assert seen.frames == b"\xff\xd8sheet"
    assert "sheet" not in repr(seen)
    assert (entry.kind, entry.body["sbd"], entry.body["reason"]) == ("view", "002", "để quyết định")
    assert entry.body["what"].startswith("evidence ")
    with pytest.raises(EvidenceMissingError):
        decisions.look("no such attempt", "")


def test_card_and_face_of_the_second_person_use_the_desks_devices_and_give_them_back(
    root: OpenRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = Sitting(root.store)
    attempt = sitting.attempt(REFER, "face-refer")
    lent: list[str] = []
    asked: list[tuple[Any, ...]] = []

    @contextmanager
    def lend() -> Iterator[tuple[str, str]]:
        lent.append("lent")
        try:
            yield "Reader A", "0"
        finally:
            lent.append("back")

    def second(context: Any, _opened: object, act: str, _session: object) -> Second:
        options = context.options
        read = context.read_argument(options.second_number or options.second_qr)
        asked.append((act, options.second_proof, options.second_reader, options.second_camera, read))
        if read == "wrong":
            raise ProofMissingError(user="binh", proof="card-face")
        return Second(user_id="binh", role="trainee", proof="training")

    monkeypatch.setattr("proctor.desk.decisions.second_of", second)
    decisions = Decisions(root, sitting.session, lend)
    wish = Wish(sbd="001", reason="face-compared", second="binh", proof="card-face", card="wrong")
    with pytest.raises(ProofMissingError):
        decisions.admit(attempt, wish, nobody)
    assert lent == ["lent", "back"]
    receipt = decisions.admit(attempt, replace(wish, card="001099000009"), nobody)
    assert root.store.entry(receipt.seq).kind == "override"
    assert asked[-1] == ("override", "card-face", "Reader A", "0", "001099000009")
    assert lent == ["lent", "back"] * 2
    assert "001099000009" not in repr(replace(wish, card="001099000009"))
