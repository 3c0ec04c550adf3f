"""The overview kept up with the log, by a thread of its own: what other desks enter is seen without a key."""

from collections.abc import Callable
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from proctor.errors import CommandError
from proctor.screens.session import Looker, Overview
from proctor.texts import Texts
from sessions.errors import SessionsError

LOOK_S: Final = 2.0


def _now() -> datetime:
    return datetime.now(UTC)


class SessionFeed:
    """Looks at the session every few seconds where its log grew meanwhile.

    `newest` gives the last overview since it was asked. Where the log cannot be read the feed ends quietly: who asks
    by a key (F5) is told why.
    """

    def __init__(
        self,
        looker: Looker,
        texts: Texts,
        *,
        at_once: bool = False,
        every_s: float = LOOK_S,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """`at_once`: the first look is told whether the log grew or not."""
        self._looker, self._texts, self._every_s, self._now = looker, texts, every_s, now
        self._wanted = at_once
        self._stop = Event()
        self._queue: SimpleQueue[Overview] = SimpleQueue()
        self._thread = Thread(target=self._run, name="session-feed", daemon=True)
        self._thread.start()

    def newest(self) -> Overview | None:
        """Return what was read since the last call, None where nothing was."""
        found: Overview | None = None
        while True:
            try:
                found = self._queue.get_nowait()
            except Empty:
                return found

    def close(self) -> None:
        """Stop reading, and wait until nothing is read any more. Nothing happens the second time."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                if self._wanted or self._looker.grown():
                    self._wanted = False
                    self._queue.put(self._looker.look(self._texts, self._now()))
                self._stop.wait(self._every_s)
        except (CommandError, SessionsError, OSError):
            return
