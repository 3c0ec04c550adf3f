"""Work beside the window: one worker, one queue, polled with `after`. A worker holds no tk object."""

import gc
import sys
import tkinter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from proctor.errors import CommandError
from sessions.errors import SessionsError

POLL_MS: Final = 40
SWITCH_S: Final = 0.001
"""How long one thread keeps the interpreter while another waits for it. Each call of Tk lets it go and needs it back:
with the usual 5 ms a page that is drawn while something is computed takes seconds."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The worker needs somebody's secret; None as the answer means that the person gave up."""

    user_id: str
    reply: SimpleQueue[str | None] = field(repr=False)


class Background:
    """Runs one job at a time. Everything the window learns comes through `_queue`, in the window's own thread."""

    def __init__(self, window: tkinter.Misc, on_question: Callable[[Question], None]) -> None:
        self._window = window
        self._on_question = on_question
        self._queue: SimpleQueue[Question | Future[Any]] = SimpleQueue()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="roster")
        self._done: Callable[[Any], None] | None = None
        self._failed: Callable[[Exception], None] | None = None
        self._collected = True
        self._poll = window.after(POLL_MS, self._look)
        sys.setswitchinterval(SWITCH_S)

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._done is not None

    def start(
        self, job: Callable[[], T], *, done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:
        """Run `job` beside the window; `done` gets its result, `failed` an error that has a text. One at a time."""
        if self.busy:
            return
        self._done, self._failed = done, failed
        # Tk's variables, pictures and fonts tell Tk when they are collected, which only the window's thread may do:
        # nothing is collected while the worker runs. A window that collects by itself has it off all the time.
        self._collected = gc.isenabled()
        gc.disable()
        self._worker.submit(job).add_done_callback(self._queue.put)

    def ask(self, user_id: str) -> str:
        """Return a secret that the window asks for; called by the worker. Raises CommandError "window-cancelled"."""
        question = Question(user_id=user_id, reply=SimpleQueue())
        self._queue.put(question)
        answer = question.reply.get()
        if answer is None:
            raise CommandError("window-cancelled")
        return answer

    def close(self) -> None:
        """Stop polling and wait for the worker."""
        self._window.after_cancel(self._poll)
        self._worker.shutdown(wait=True)

    def _look(self) -> None:
        self._poll = self._window.after(POLL_MS, self._look)
        try:
            found = self._queue.get_nowait()
        except Empty:
            return
        if isinstance(found, Question):
            self._on_question(found)
        else:
            self._finish(found)

    def _finish(self, future: "Future[Any]") -> None:
        """Hand over the result; a bug (no error with a text) is raised here, in the window's thread."""
        done, failed = self._done, self._failed
        self._done = self._failed = None
        if self._collected:
            gc.enable()
        try:
            result = future.result()
        except (CommandError, SessionsError, OSError) as error:
            if failed is not None:
                failed(error)
        else:
            if done is not None:
                done(result)
