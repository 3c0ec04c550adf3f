"""The desk's table walked as a day goes: events in, phase and screen out, no window."""

from typing import Any

import pytest

from proctor.desk.events import (
    OPENING,
    Candidate,
    CardIn,
    CardOut,
    Decided,
    Device,
    DeviceKind,
    DeviceState,
    Ended,
    Event,
    Failed,
    Halted,
    Hint,
    Locked,
    Paused,
    Pictures,
    Pressed,
    Progress,
    Prompted,
    Reopened,
    Resumed,
    Scanned,
    Ticked,
)
from proctor.desk.machine import step
from proctor.desk.state import AskDecision, Leave, Lock, Skip, Sound, Speak, State, TellCandidate
from proctor.desk.view import view
from sessions.record import Outcome, Verdict
from tests.support.desk_events import (
    AN,
    BINH,
    CHI,
    OTHER_READER,
    READER,
    after,
    ended,
    ending,
    first,
    qr,
    row,
    scanned,
    starts,
    told,
)

CARD, LIFTED, ENTER = CardIn(reader=READER), CardOut(reader=READER), Pressed(action="next")
AGAIN = Pressed(action="again")


def at_work() -> State:
    """An's attempt runs."""
    return after(first(), scanned(AN), CARD)


def at_verdict(verdict: Verdict = Verdict.ADMIT) -> State:
    """An's attempt is over."""
    working = at_work()
    return after(working, ended(working, verdict))


def title(state: State) -> str:
    return view(state).title.key.removeprefix("desk.title.")


def notice(state: State) -> str:
    line = view(state).notice
    return "" if line is None else line.words.key.removeprefix("desk.notice.")


# --- the order in which code and card come ------------------------------------------------------------------


@pytest.mark.parametrize(
    "events",
    [
        (scanned(AN), CARD),
        (CARD, scanned(AN)),
        (CARD, scanned(AN, "typed")),
        (CARD, scanned(AN, "camera")),
        (scanned(AN, "camera"), scanned(AN, "camera"), CARD),
        (scanned(BINH), scanned(AN), CARD),
        (CARD, LIFTED, scanned(AN), CARD),
        (scanned(AN, "typed"), scanned(BINH, "camera"), CARD),
    ],
)
def test_whatever_comes_first_the_attempt_begins_by_itself(events: tuple[Event, ...]) -> None:
    state, effects = told(first(), events)
    assert state.phase == "working"
    (start,) = starts(effects)
    assert start.reader == READER
    assert start.access.text in (AN, qr(AN))
    assert start.attempt_id == state.attempt_id


def test_a_card_alone_waits_for_its_code_with_words() -> None:
    state, effects = told(first(), (CARD,))
    assert (state.phase, title(state)) == ("waiting", "claim")
    assert not starts(effects)


def test_a_code_alone_waits_for_its_card_and_says_whose() -> None:
    state = after(first(), scanned(AN))
    assert (state.phase, title(state)) == ("waiting", "card")
    claim = view(state).claim
    assert claim is not None
    assert claim.facts == {"name": "Nguyễn Văn Mẫu", "number": "001•••••0001"}


def test_two_cards_are_said_none_is_taken_and_each_has_to_be_lifted() -> None:
    state, effects = told(first(), (CARD, CardIn(reader=OTHER_READER), scanned(AN)))
    assert (title(state), starts(effects)) == ("two-cards", [])
    state, effects = told(state, (LIFTED,))
    assert (title(state), starts(effects)) == ("old-card", [])  # it may be the wrong one that is left
    state, effects = told(state, (CardOut(reader=OTHER_READER), CARD))
    assert starts(effects)[0].reader == READER


def test_again_does_not_take_the_card_that_somebody_else_laid_beside() -> None:
    over = after(at_verdict(Verdict.REFUSE), CardIn(reader=OTHER_READER))
    state, effects = told(over, (AGAIN, LIFTED))
    assert (title(state), starts(effects)) == ("old-card", [])


@pytest.mark.parametrize(
    ("text", "source", "code"),
    [
        ("https://example.org", "serial", "id-number-invalid"),
        ("00119900000", "typed", "id-number-invalid"),
        (f"{AN}|x", "camera", "qr-invalid"),
        ("1" * 5000, "serial", "qr-invalid"),
        ("P<VNM<<<<", "serial", "mrz-input-invalid"),
        ("", "typed", "id-number-invalid"),
    ],
)
def test_what_is_no_code_is_said_and_changes_nothing_else(text: str, source: str, code: str) -> None:
    before = after(first(), scanned(AN))
    state, effects = step(before, Scanned(text=text, source=source))
    line = view(state).notice
    assert line is not None
    assert (line.words.key, line.tone) == (code, "warning")
    assert (state.claim, state.phase) == (before.claim, "waiting")
    assert effects == (Sound(name="attention"),)


def test_a_number_may_be_typed_with_blanks() -> None:
    state = after(first(), Scanned(text="001 199 000 001 ", source="typed"))
    assert state.claim is not None
    assert (state.claim.access.kind, state.claim.access.text) == ("number", AN)


def test_a_typed_number_does_not_take_the_place_of_the_same_persons_code() -> None:
    state = after(first(), scanned(AN), scanned(AN, "typed"))
    assert state.claim is not None
    assert state.claim.access.kind == "qr"


def test_a_code_says_more_than_a_number_that_was_typed_and_stays_somebodys_own() -> None:
    state = after(first(), scanned(AN, "typed"), scanned(AN, "camera"))
    assert state.claim is not None
    assert (state.claim.access.kind, state.claim.source) == ("qr", "typed")
    assert notice(after(state, scanned(BINH, "camera"))) == "other-code"


def test_a_code_that_the_camera_happens_to_see_does_not_replace_one_that_was_scanned() -> None:
    state = after(first(), scanned(AN), scanned(BINH, "camera"))
    assert notice(state) == "other-code"
    state = after(first(), scanned(AN, "camera"), scanned(BINH))
    assert notice(state) == "claim-replaced"
    assert state.claim is not None
    assert state.claim.person == BINH


def test_a_code_whose_card_never_comes_is_forgotten() -> None:
    state = after(first(claim_s=60), Ticked(now_s=10), scanned(AN), Ticked(now_s=69.9))
    assert state.claim is not None
    state = after(state, Ticked(now_s=70))
    assert (state.claim, notice(state)) == (None, "claim-expired")


def test_escape_forgets_the_code() -> None:
    state, effects = told(first(), (scanned(AN), Pressed(action="clear"), CARD))
    assert (title(state), starts(effects)) == ("claim", [])


# --- while an attempt runs ----------------------------------------------------------------------------------


def test_the_next_candidates_code_is_kept_apart_and_shown() -> None:
    working = at_work()
    state, effects = told(working, (scanned(BINH),))
    assert state.run == working.run
    assert not starts(effects)
    shown = view(state)
    assert shown.next_claim is not None
    assert shown.claim is not None
    assert (shown.claim.facts["name"], shown.next_claim.facts["name"]) == ("Nguyễn Văn Mẫu", "Trần Thị Mẫu")
    assert notice(state) == "next-kept"


def test_the_running_candidates_own_code_seen_again_is_nobody_next() -> None:
    for source in ("camera", "serial", "typed"):
        working = at_work()
        assert step(working, scanned(AN, source)) == (working, ())  # type: ignore[arg-type]


def test_the_next_candidate_begins_at_enter_when_code_and_a_fresh_card_are_there() -> None:
    working = at_work()
    over = after(working, scanned(BINH), ended(working), LIFTED, CARD)
    assert over.phase == "verdict"
    state, effects = step(over, ENTER)
    assert state.phase == "working"
    (start,) = starts(effects)
    assert start.access.text == qr(BINH)
    assert start.attempt_id != working.attempt_id
    assert TellCandidate(what="idle") in effects


def test_an_old_card_left_on_the_reader_never_starts_the_next_attempt() -> None:
    working = at_work()
    state, effects = told(working, (scanned(BINH), ended(working), ENTER))
    assert (state.phase, title(state), starts(effects)) == ("waiting", "old-card", [])
    state, effects = told(state, (LIFTED,))
    assert (title(state), starts(effects)) == ("card", [])
    state, effects = told(state, (CARD,))
    assert starts(effects)[0].access.text == qr(BINH)


def test_a_card_laid_while_an_attempt_runs_must_be_lifted_first() -> None:
    working = at_work()
    state = after(working, row(working, "pa-consistent"), LIFTED, CARD)
    assert notice(state) == "card-early"
    state, effects = told(state, (scanned(BINH), ended(state), ENTER))
    assert (title(state), starts(effects)) == ("old-card", [])


def test_a_card_lifted_while_it_is_read_is_said_and_may_come_back() -> None:
    working = at_work()
    state, effects = step(working, LIFTED)
    assert (state.phase, notice(state)) == ("working", "card-lifted")
    assert Sound(name="attention") in effects
    state = after(state, CARD)
    assert (state.phase, notice(state)) == ("working", "")
    assert state.attempt_id == working.attempt_id


def test_a_card_taken_back_once_it_is_read_is_no_fault() -> None:
    working = at_work()
    state, effects = told(working, (row(working, "pa-consistent"), LIFTED))
    assert (notice(state), effects) == ("", ())


def test_the_same_person_scanned_again_on_purpose_is_checked_again_and_it_is_said() -> None:
    over = at_verdict()
    waiting = after(over, ENTER)
    assert title(waiting) == "old-card"
    state, effects = step(waiting, scanned(AN))
    assert (state.phase, notice(state)) == ("working", "same-again")
    assert starts(effects)[0].attempt_id != over.attempt_id
    state = after(over, scanned(AN, "typed"))
    assert notice(state) == "next-same"
    state, effects = step(state, ENTER)
    assert (state.phase, notice(state), len(starts(effects))) == ("working", "same-again", 1)


def test_the_camera_that_still_sees_the_last_code_starts_nothing() -> None:
    over = at_verdict()
    state, effects = told(over, (scanned(AN, "camera"), ENTER, scanned(AN, "camera"), LIFTED))
    assert (state.phase, state.claim, starts(effects)) == ("waiting", None, [])
    state, effects = told(state, (scanned(AN, "camera"), CARD, scanned(AN, "camera")))
    assert (state.phase, notice(state), starts(effects)) == (
        "waiting",
        "left-code",
        [],
    )  # the card may be the next one's
    state, effects = told(state, (scanned(AN, "typed"),))
    assert len(starts(effects)) == 1


def test_again_takes_the_same_claim_and_the_card_that_still_lies_there() -> None:
    over = at_verdict(Verdict.REFER)
    state, effects = step(over, AGAIN)
    assert state.phase == "working"
    (start,) = starts(effects)
    assert start.access.text == qr(AN)
    assert start.attempt_id != over.attempt_id
    state, effects = told(over, (LIFTED, AGAIN))
    assert (title(state), starts(effects)) == ("card", [])


def test_again_keeps_the_next_candidate_waiting() -> None:
    over = at_verdict()
    state = after(over, scanned(BINH), AGAIN)
    assert state.phase == "working"
    assert state.next_claim is not None
    assert state.next_claim.person == BINH


def test_escape_lets_the_one_scanned_ahead_come_and_time_forgets_both() -> None:
    both = after(at_verdict(), scanned(BINH), LIFTED, AGAIN)
    assert (both.claim is not None, both.next_claim is not None) == (True, True)
    state = after(both, Pressed(action="clear"))
    assert state.claim is not None
    assert (state.claim.person, state.next_claim) == (BINH, None)
    state = after(both, Ticked(now_s=both.now_s + both.claim_s))
    assert (state.claim, state.next_claim) == (None, None)


def test_again_does_not_take_a_card_that_was_laid_after_its_own_was_lifted() -> None:
    over = after(at_verdict(Verdict.REFER), LIFTED, CARD)  # who knows whose
    state, effects = told(over, (AGAIN,))
    assert (title(state), starts(effects)) == ("old-card", [])
    state, effects = told(state, (LIFTED, CARD))
    assert len(starts(effects)) == 1


def test_what_was_scanned_ahead_can_be_forgotten() -> None:
    state = after(at_work(), scanned(BINH), Pressed(action="drop-next"))
    assert state.next_claim is None


# --- what an attempt tells ----------------------------------------------------------------------------------


def test_events_of_another_attempt_change_nothing() -> None:
    working = at_work()
    done = after(working, ended(working), ENTER, LIFTED, scanned(BINH), CARD)
    assert done.phase == "working"
    for event in (
        ended(working),
        row(working, "face-match"),
        Hint(attempt_id=working.attempt_id, code="face-none"),
        Prompted(attempt_id=working.attempt_id, prompt="turn-left"),
        Pictures(attempt_id=working.attempt_id, chip=b"an", live=b"an"),
        Progress(attempt_id=working.attempt_id, step="DG2", done=1, total=2),
        Failed(attempt_id=working.attempt_id, code="internal-error"),
        Decided(attempt_id=working.attempt_id, choice="admitted", entry=9),
    ):
        assert step(done, event) == (done, ())


def test_a_second_ending_of_the_same_attempt_changes_nothing() -> None:
    over = at_verdict(Verdict.REFUSE)
    assert step(over, ended(over, Verdict.ADMIT)) == (over, ())
    assert step(over, Failed(attempt_id=over.attempt_id, code="internal-error")) == (over, ())


def test_the_steps_follow_the_checks() -> None:
    working = at_work()
    state = after(
        working,
        *(row(working, name) for name in ("notice", "card-access", "chip-open", "pa-keys", "chip-genuine")),
        Progress(attempt_id=working.attempt_id, step="DG1", done=90, total=90),
        Progress(attempt_id=working.attempt_id, step="DG2", done=4000, total=15000),
    )
    steps = {line.name: line for line in view(state).steps}
    assert [steps[name].state for name in ("card", "genuine", "read", "issuer", "face")] == [
        *("passed", "passed", "running", "waiting", "waiting")
    ]
    assert (steps["read"].done, steps["read"].total) == (4090, 15090)
    state = after(
        state,
        row(state, "chip-read"),
        row(state, "pa-consistent"),
        row(state, "pa-trusted", Outcome.INDETERMINATE, "pa-no-trust-anchor"),
    )
    steps = {line.name: line for line in view(state).steps}
    assert (steps["issuer"].state, steps["issuer"].sign, steps["compare"].state) == (
        *("unclear", "question"),
        "running",
    )
    assert steps["issuer"].detail is not None
    assert steps["issuer"].detail.key == "pa-no-trust-anchor"
    assert title(state) == "working.face"


def test_hints_and_prompts_are_shown_and_prompts_are_said() -> None:
    working = at_work()
    state = after(working, Hint(attempt_id=working.attempt_id, code="face-too-small"))
    hint = view(state).hint
    assert hint is not None
    assert hint.key == "hint.face-too-small"
    assert view(after(state, Hint(attempt_id=state.attempt_id, code=""))).hint is None
    state, effects = step(state, Prompted(attempt_id=state.attempt_id, prompt="turn-left"))
    assert effects == (Speak(key="screen.turn-left"),)
    shown = view(state)
    assert shown.hint is None
    assert shown.prompt is not None
    assert shown.prompt.key == "screen.turn-left"
    assert shown.action("F8") == "skip"
    state, effects = step(state, Pressed(action="skip"))
    assert effects == (Skip(attempt_id=state.attempt_id),)
    assert view(state).action("F8") is None
    assert step(state, Pressed(action="skip")) == (state, ())


def test_pictures_are_shown_side_by_side_and_gone_with_the_attempt() -> None:
    working = at_work()
    state = after(
        working,
        Pictures(attempt_id=working.attempt_id, chip=b"chip"),
        Pictures(attempt_id=working.attempt_id, live=b"live"),
    )
    assert (view(state).chip_picture, view(state).live_picture) == (b"chip", b"live")
    state = after(state, ended(state), ENTER)
    assert (view(state).chip_picture, view(state).live_picture) == (None, None)


# --- verdicts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "phase", "colour", "sign", "what"),
    [
        (Verdict.ADMIT, "verdict", "green", "tick", "admitted"),
        (Verdict.REFER, "deciding", "amber", "question", "wait"),
        (Verdict.REFUSE, "verdict", "red", "cross", "wait"),
    ],
)
def test_a_verdict_is_a_word_a_colour_a_shape_and_a_sound(
    verdict: Verdict, phase: str, colour: str, sign: str, what: str
) -> None:
    working = at_work()
    assert view(working).verdict is None
    state, effects = step(working, ended(working, verdict))
    panel = view(state).verdict
    assert panel is not None
    assert (state.phase, panel.colour, panel.sign, panel.sound) == (phase, colour, sign, verdict.lower())
    assert panel.word.key == f"desk.verdict.{verdict}"
    assert effects[:2] == (Sound(name=panel.sound), TellCandidate(what=what))  # type: ignore[arg-type]
    assert (AskDecision(attempt_id=state.attempt_id) in effects) == (verdict is Verdict.REFER)


def test_what_is_not_recorded_has_no_verdict() -> None:
    working = at_work()
    state, effects = step(
        working, ended(working, Verdict.REFER, recorded=False, entry=None, store_error="store-full")
    )
    shown = view(state)
    assert shown.verdict is not None
    assert (state.phase, shown.verdict.word.key) == ("verdict", "desk.verdict.not-recorded")
    assert not shown.verdict.recorded
    assert shown.reasons[0].key == "store-full"
    assert TellCandidate(what="wait") in effects
    assert state.run is not None
    assert state.run.verdict is None


def test_an_admit_without_its_entry_is_not_shown_as_one() -> None:
    working = at_work()
    state, effects = step(working, ended(working, Verdict.ADMIT, recorded=False, entry=None))
    panel = view(state).verdict
    assert panel is not None
    assert panel.colour == "grey"
    assert Sound(name="admit") not in effects
    assert TellCandidate(what="admitted") not in effects


def test_an_attempt_that_could_not_be_made_says_why_and_can_be_made_again() -> None:
    working = at_work()
    state = after(working, Failed(attempt_id=working.attempt_id, code="session-paused"))
    shown = view(state)
    assert (state.phase, title(state)) == ("verdict", "verdict.failed")
    assert shown.reasons[0].key == "session-paused"
    assert [action.name for action in shown.actions] == ["next", "again", "manual", "incident", "roster"]
    assert after(state, AGAIN).phase == "working"


def test_only_enter_or_again_takes_the_verdict_away() -> None:
    over = at_verdict()
    for event in (CARD, LIFTED, scanned(BINH), Ticked(now_s=999), Device(kind="camera", state="out")):
        state = after(over, event)
        assert (state.phase, view(state).verdict) == ("verdict", view(over).verdict)
    assert after(over, ENTER).phase == "waiting"


# --- deciding ------------------------------------------------------------------------------------------------


def test_two_persons_let_in_once_their_entry_is_there() -> None:
    over = at_verdict(Verdict.REFER)
    assert view(over).decision
    assert view(over).action("Return") == "decide"
    assert step(over, Pressed(action="decide")) == (over, (AskDecision(attempt_id=over.attempt_id),))
    unwritten = after(over, Decided(attempt_id=over.attempt_id, choice="admitted"))
    assert (unwritten.phase, notice(unwritten)) == ("deciding", "decision-not-recorded")
    state, effects = step(over, Decided(attempt_id=over.attempt_id, choice="admitted", entry=9))
    panel = view(state).verdict
    assert panel is not None
    assert (state.phase, panel.word.key, panel.entry) == ("verdict", "desk.verdict.admitted", 9)
    assert TellCandidate(what="admitted") in effects


def test_a_decision_can_wait_and_the_next_candidate_comes() -> None:
    over = at_verdict(Verdict.REFER)
    state, effects = step(over, Pressed(action="later"))
    assert (state.phase, title(state), effects) == ("verdict", "verdict.left", ())
    assert after(state, ENTER).phase == "waiting"


def test_who_may_not_be_decided_on_here_gets_no_pane() -> None:
    working = at_work()
    state, effects = step(working, ended(working, Verdict.REFER, decidable=False))
    assert (state.phase, title(state)) == ("verdict", "verdict.REFER")
    assert AskDecision(attempt_id=state.attempt_id) not in effects


def test_the_next_candidates_code_waits_while_two_persons_decide() -> None:
    over = at_verdict(Verdict.REFER)
    state = after(over, LIFTED, scanned(CHI), CARD)
    assert (state.phase, state.run) == ("deciding", over.run)
    state, effects = told(state, (Pressed(action="later"), ENTER))
    assert starts(effects)[0].access.text == qr(CHI)


# --- devices, lock, close, return ---------------------------------------------------------------------------


def test_a_missing_camera_holds_the_attempt_until_it_is_back() -> None:
    gone = Device(kind="camera", state="out", name="0", code="camera-gone")
    state, effects = told(first(), (gone, scanned(AN), CARD))
    assert (state.phase, title(state), starts(effects)) == ("ready", "ready", [])
    assert view(state).faults[0].fix is not None
    assert view(state).faults[0].fix.key == "camera-gone"
    state, effects = step(state, Device(kind="camera", state="in", name="0"))
    assert (state.phase, notice(state), len(starts(effects))) == ("working", "back.camera", 1)


def test_a_person_may_start_without_the_camera() -> None:
    state = after(first(), Device(kind="camera", state="fault", name="0"), scanned(AN), CARD)
    assert view(state).action("F6") == "start"
    assert after(state, Pressed(action="start")).phase == "working"
    assert after(state, LIFTED, Pressed(action="start")).phase == "waiting"


def test_a_missing_printer_holds_nobody() -> None:
    state = after(first(), Device(kind="printer", state="out"), scanned(AN), CARD)
    assert state.phase == "working"


def test_a_fault_is_heard_once() -> None:
    gone = Device(kind="scanner", state="out", name="S")
    state, effects = told(first(), (gone, gone))
    assert effects == (Sound(name="fault"),)
    assert len(state.devices) == 1


def test_a_reader_that_goes_takes_its_card_with_it() -> None:
    state = after(first(), CARD, Device(kind="reader", state="out", name=READER))
    assert (state.cards, title(state)) == ((), "no-reader")


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("reader", ("no-reader", "no-reader", "no-reader")),
        ("disk", ("no-disk", "no-disk", "no-disk")),
        ("camera", ("no-camera", "no-camera", "no-camera")),
        ("scanner", ("no-scanner", "claim.typed", "card")),
        ("printer", ("anything", "claim", "card")),
    ],
)
@pytest.mark.parametrize("stands", ["out", "fault"])
def test_nobody_is_invited_to_a_desk_that_cannot_look_at_them(
    kind: DeviceKind, titles: tuple[str, ...], stands: DeviceState
) -> None:
    for before, wanted in zip(((), (CARD,), (scanned(AN),)), titles, strict=True):
        good = after(first(), Device(kind=kind, state="in"), *before)
        invited = title(good)
        wrong = after(good, Device(kind=kind, state=stands, code="why"))
        assert title(wrong) == wanted
        assert [fault.kind for fault in view(wrong).faults] == [kind]  # band and page tell of one thing
        assert title(after(wrong, Device(kind=kind, state="in"))) == invited


def test_a_desk_that_is_being_opened_invites_already() -> None:
    assert title(after(first(), Device(kind="camera", state="out", code=OPENING))) == "anything"


def test_a_paused_session_invites_nobody_and_goes_on_by_itself() -> None:
    state, effects = told(first(), (Paused(paused=True),))
    assert title(state) == "paused"
    state, effects = told(state, (scanned(AN), CARD, Pressed(action="start")))
    assert (title(state), starts(effects)) == ("paused", [])
    assert view(state).action("F6") is None
    state, effects = step(state, Paused(paused=False))
    assert (state.phase, len(starts(effects))) == ("working", 1)
    idle = after(first(), Paused(paused=True), Paused(paused=False))
    assert (title(idle), notice(idle)) == ("anything", "session-goes-on")


def test_an_attempt_ends_in_a_session_that_is_paused_meanwhile() -> None:
    working = at_work()
    state = after(working, Paused(paused=True), ended(working))
    assert title(state) == "verdict.ADMIT"
    assert title(after(state, LIFTED, ENTER)) == "paused"


# --- a REFER of the log -------------------------------------------------------------------------------------


def reopened(**changes: Any) -> Reopened:
    """One of before a cut, whom the log names."""
    whom = Candidate(sbd="007", name="Nguyễn Văn Mẫu", place="P1")
    return Reopened(of="earlier", result=ending(Verdict.REFER, candidate=whom, **changes), chip=b"chip")


def test_after_a_cut_an_undecided_refer_is_decided_at_once() -> None:
    state, effects = step(first(), Resumed(sbd="007", entry=7, verdict="REFER", undecided=reopened()))
    assert (state.phase, title(state), notice(state)) == ("deciding", "deciding.again", "reopened")
    assert AskDecision(attempt_id="earlier") in effects
    screen = view(state)
    assert (screen.action("Return"), screen.decision) == ("decide", True)
    assert (screen.attempt_id, screen.chip_picture, screen.claim) == ("earlier", b"chip", None)
    done = Decided(attempt_id="earlier", choice="admitted", entry=9)
    state, effects = step(state, done)
    assert (title(state), TellCandidate(what="admitted") in effects) == ("verdict.admitted", True)
    assert title(after(state, ENTER)) == "anything"


def test_one_that_nobody_may_decide_about_is_only_said() -> None:
    event = Resumed(sbd="007", entry=7, verdict="REFER", undecided=reopened(decidable=False))
    state = after(first(), event)
    assert (state.phase, notice(state)) == ("waiting", "resumed-after.REFER")


def test_the_card_of_then_begins_no_attempt_of_the_next_candidate() -> None:
    early = after(first(), CARD, reopened())
    late = after(first(), reopened(), CARD)
    for before in (early, late):
        state, effects = told(before, (scanned(BINH), Pressed(action="later"), ENTER))
        assert (title(state), starts(effects)) == ("old-card", [])
        state, effects = told(state, (LIFTED, CARD))
        assert [start.access.text for start in starts(effects)] == [qr(BINH)]


def test_a_new_check_of_somebody_of_the_log_asks_for_code_and_card() -> None:
    state, effects = told(first(), (reopened(), AGAIN))
    assert (title(state), notice(state), starts(effects)) == ("anything", "look-anew", [])
    state, effects = told(state, (scanned(AN), CARD))
    assert len(starts(effects)) == 1


def test_a_desk_with_somebody_at_it_opens_nothing_of_the_log() -> None:
    for state in (at_work(), at_verdict(), after(first(), Halted(code="session-closed"))):
        assert step(state, reopened()) == (state, ())
    waits = after(first(), scanned(AN), reopened())
    assert waits.next_claim is not None  # whose card was awaited is the next one
    assert title(after(waits, Pressed(action="later"), ENTER)) == "card"


def test_a_locked_station_shows_nobody_and_starts_nothing() -> None:
    over = at_verdict(Verdict.REFUSE)
    state, effects = step(over, Pressed(action="lock"))
    assert effects == (Lock(),)
    shown = view(state)
    assert (shown.locked, shown.verdict, shown.claim, shown.actions) == (True, None, None, ())
    assert step(state, ENTER) == (state, ())
    assert view(after(state, Locked(locked=False))) == view(over)
    state, effects = told(first(), (Locked(locked=True), scanned(AN), CARD))
    assert (state.phase, starts(effects)) == ("ready", [])
    state, effects = step(state, Locked(locked=False))
    assert len(starts(effects)) == 1


def test_an_attempt_goes_on_while_the_station_is_locked() -> None:
    working = at_work()
    state = after(working, Locked(locked=True), row(working, "notice"), ended(working))
    assert state.phase == "verdict"
    assert view(after(state, Locked(locked=False))).verdict is not None


def test_leaving_waits_for_the_candidate_at_the_desk() -> None:
    working = at_work()
    state, effects = step(working, Pressed(action="leave"))
    assert (state.phase, notice(state)) == ("working", "attempt-runs")
    assert Leave() not in effects
    state, effects = told(working, (ended(working), Pressed(action="leave")))
    assert (state.phase, state.run, state.last) == ("closed", None, None)
    assert Leave() in effects


def test_a_closed_session_lets_the_running_attempt_end_and_begins_no_other() -> None:
    working = at_work()
    state, effects = told(
        working, (scanned(BINH), Halted(code="session-closed"), scanned(CHI), ended(working), AGAIN, ENTER)
    )
    assert (state.phase, starts(effects)) == ("closed", [])
    assert view(state).reasons[0].key == "session-closed"
    assert after(state, LIFTED, scanned(CHI), CARD).phase == "closed"
    assert view(state).action("Return") == "leave"


def test_after_a_cut_the_desk_says_who_was_there() -> None:
    state = after(first(), Resumed(sbd="007"))
    line = view(state).notice
    assert line is not None
    assert (line.words.key, line.words.facts, line.tone) == ("desk.notice.resumed", {"sbd": "007"}, "warning")


def test_what_was_said_after_a_cut_stays_until_somebody_is_checked() -> None:
    state = after(first(), Resumed(sbd="007"), CARD)
    assert (title(state), notice(state)) == ("claim", "resumed")
    state = after(state, LIFTED, scanned(AN), CARD)
    assert (state.phase, notice(state)) == ("working", "")


def test_a_desk_that_was_halted_and_left_opens_for_nobody() -> None:
    state, effects = told(first(), (Halted(code="session-closed"), Pressed(action="leave")))
    assert (state.phase, Leave() in effects) == ("closed", True)
    state, effects = told(state, (scanned(AN), CARD, Locked(locked=False), Ticked(now_s=1)))
    assert (state.phase, starts(effects)) == ("closed", [])


def test_nothing_that_names_somebody_stands_in_a_repr() -> None:
    working = at_work()
    state = after(
        working,
        scanned(BINH),
        Pictures(attempt_id=working.attempt_id, chip=b"chip-jpeg", live=b"live-jpeg"),
    )
    text = repr(state) + repr(view(state)) + repr(scanned(CHI)) + repr(Ended(attempt_id="1", result=ending()))
    for hidden in (AN, BINH, CHI, "Nguyễn", "Trần", "Lê", "0001", "chip-jpeg", "live-jpeg", "Hà Nội"):
        assert hidden not in text, hidden
