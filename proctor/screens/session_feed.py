"""The overview kept up with the log, by a thread of its own: what other desks enter is seen without a key."""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from proctor.errors import CommandError
from proctor.screens.session import Overview
from sessions.course.board import Board
from sessions.errors import SessionsError

LOOK_S: Final = 2.0


class SessionFeed:
    """Reads the overview once, then every few seconds again where the session's log grew meanwhile.

    `newest` gives the last overview since it was asked. Where the log cannot be read the feed ends quietly: who asks
    by a key (F5) is told why.
    """

    def __init__(
        self,
        make_board: Callable[[], Board],
        read: Callable[[], Overview],
        *,
        every_s: float = LOOK_S,
    ) -> None:
        self._make_board, self._read, self._every_s = make_board, read, every_s
        self._known = -1  # what came between the page's own look and the first one here is told, too
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
            board = self._make_board()
            while not self._stop.is_set():
                if len(board.entries) != self._known:
                    self._known = len(board.entries)
                    self._queue.put(self._read())
                self._stop.wait(self._every_s)
                if not self._stop.is_set():
                    board.refresh()
        except (CommandError, SessionsError, OSError):
            return
