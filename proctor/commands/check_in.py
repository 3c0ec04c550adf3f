"""`proctor check-in`: one attempt of one candidate at a desk."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from biometrics.frame_camera import FrameCamera
from proctor.app import Desk, Remarks, Transaction, open_desk
from proctor.attempt import AttemptResult
from proctor.candidate_window import CandidateWindow, require_place
from proctor.chip_means import card_source
from proctor.commands.chip import chip_progress, require_known_card
from proctor.commands.context import Context
from proctor.commands.session import open_at, rules_marks, trust_of
from proctor.commands.show import attempt_json, attempt_lines, reason_json
from proctor.desks import CardSource
from proctor.errors import CommandError
from proctor.present import AccessText
from proctor.scenes import is_scene, named_scene, open_scene
from proctor.terminal_screen import Say, TerminalScreen
from sessions.record import Verdict
from sessions.session import Session

INTERRUPTED_STATUS = 130
Screen = CandidateWindow | TerminalScreen


def check_in(context: Context) -> int:
    """One attempt. Exit 0 only for ADMIT."""
    options = context.options
    if not options.camera.strip():
        raise CommandError("camera-empty", usage=True)
    if options.candidate_screen is not None:
        require_place(options.candidate_screen)
    access = context.access_text()
    with open_at(context, login=True) as (opened, session), candidate_screen(context) as screen:
        trust, workshop = trust_of(opened)
        require_known_card(options.reader, workshop)

        def show_notice(version: str, text: str) -> None:
            context.say("notice.shown", version=version, text=text)
            screen.notice(version, text)

        with open_desk(
            opened, session, trust, show_notice=show_notice, room=options.room, screen=screen
        ) as desk:
            source = card_source(
                options.reader,
                training=opened.training,
                workshop=workshop,
                apdu_deadline_s=session.rules.deadlines.apdu_s,
                wait_s=options.wait,
            )
            work = _work(context, desk, source, access, training=opened.training)
            with chip_progress(context.console) as on_progress:
                result = desk.check_in(work, on_progress=on_progress)
            remarks = None if result.sbd is None else desk.remarks(result.sbd)
        training = opened.training
    return _said(context, session, result, remarks, training=training)


def _work(
    context: Context, desk: Desk, source: CardSource, access: AccessText, *, training: bool
) -> Transaction:
    """Return what this attempt is made with: the card, and the camera or a rendered scene."""
    options = context.options
    scene = named_scene(options.camera) if is_scene(options.camera) else None

    def camera() -> FrameCamera:
        return desk.cameras.open(options.camera) if scene is None else open_scene(scene, training=training)

    return Transaction(
        access=access,
        source=source,
        open_camera=camera,
        screen=scene,
        skipped=frozenset(options.skip or ()),
        purpose=options.purpose,
    )


@contextmanager
def candidate_screen(context: Context) -> Iterator[Screen]:
    """Yield the window that faces the candidate, where one was asked for; otherwise prompts are lines at the desk."""
    say: Say = lambda key, facts: context.say(key, **facts)  # noqa: E731 - the type says what it is
    if context.options.candidate_screen is None:
        yield TerminalScreen(say)
        return
    with CandidateWindow.start(context.options.candidate_screen, say) as window:
        try:
            yield window
        finally:
            window.idle()


def _said(
    context: Context,
    session: Session,
    result: AttemptResult,
    remarks: Remarks | None,
    *,
    training: bool,
) -> int:
    """Show what came of it and return the exit status."""
    data = attempt_json(result, training=training) | remarks_json(remarks)
    lines = (*attempt_lines(result, data, context.texts), *remark_lines(context, session, remarks))
    context.result(data, (*lines, *rules_marks(context, session)))
    if result.interrupted:
        return INTERRUPTED_STATUS
    return 0 if result.verdict is Verdict.ADMIT else 1


def remarks_json(remarks: Remarks | None) -> dict[str, Any]:
    """What the list and the results say beside the verdict."""
    if remarks is None:
        return {"remarks": [], "owed": []}
    return {"remarks": [reason_json(code) for code in remarks.codes], "owed": list(remarks.owed)}


def remark_lines(context: Context, session: Session, remarks: Remarks | None) -> tuple[str, ...]:
    """The same in lines: what is owed, then what to look at."""
    if remarks is None:
        return ()
    owed = ", ".join(session.rules.components[name].label for name in remarks.owed) or "-"
    return (
        context.texts.say("course.owed", components=owed),
        *(f"  ! {context.texts.say(code)}" for code in remarks.codes),
    )
