"""Printing in words, for a command line or a window."""

from __future__ import annotations

from proctor.printing.model import State
from proctor.printing.queue import Job
from proctor.texts import Texts


def state_text(texts: Texts, state: State) -> str:
    """Return where a job stands."""
    return texts.say(f"print.state.{state.value}")


def reason_text(texts: Texts, reason: str, tray: str = "") -> str:
    """Return why something stands still, and what to do: "hết giấy: nạp giấy A4 vào khay 2 rồi bấm tiếp tục"."""
    named = texts.say("print.tray", tray=tray.removeprefix("tray-")) if tray else texts.say("print.any-tray")
    return texts.say(f"print.reason.{reason}", tray=named)


def job_reason(texts: Texts, job: Job, reason: str) -> str:
    """Return why a job stands still, or why it ended: then nothing goes on by itself any more."""
    ended = f"{reason}.ended"
    return reason_text(texts, ended if job.ended and f"print.reason.{ended}" in texts else reason, job.tray)
