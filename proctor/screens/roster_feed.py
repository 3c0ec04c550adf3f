"""The roster kept up with the log, by a thread of its own: the table fills and follows while anything else is done."""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from proctor.errors import CommandError
from proctor.screens.roster import Roll, roll_of
from sessions.course.board import Board
from sessions.errors import SessionsError

LOOK_S: Final = 2.0


class RosterFeed:
    """Reads a session's board, and after that what is new in the log, every few seconds or when asked.

    `newest` gives the last roll since it was asked, or the error that ended the reading.
    """

    def __init__(
        self, make_board: Callable[[], Board], component: str, *, every_s: float = LOOK_S, known: int = -1
    ) -> None:
        """`known`: how many entries the window has shown already; with no more there is nothing to tell."""
        self._make_board, self._component, self._every_s = make_board, component, every_s
        self._known = known
        self._stop = False
        self._wake = Event()
        self._queue: SimpleQueue[Roll | Exception] = SimpleQueue()
        self._thread = Thread(target=self._run, name="roster-feed", daemon=True)
        self._thread.start()

    def newest(self) -> Roll | Exception | None:
        """Return what was read since the last call, None where nothing was."""
        found: Roll | Exception | None = None
        while True:
            try:
                found = self._queue.get_nowait()
            except Empty:
                return found

    def look_at(self, component: str) -> None:
        """Tell of another component from now on."""
        self._component, self._known = component, -1
        self._wake.set()

    def again(self) -> None:
        """Look at once."""
        self._wake.set()

    def close(self) -> None:
        """Stop reading, and wait until nothing is read any more. Nothing happens the second time."""
        self._stop = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            board = self._make_board()
            while not self._stop:
                self._tell(board)
                self._wake.wait(self._every_s)
                self._wake.clear()
                if not self._stop:
                    board.refresh()
        except (CommandError, SessionsError, OSError) as error:
            self._queue.put(error)

    def _tell(self, board: Board) -> None:
        if len(board.entries) != self._known:
            self._known = len(board.entries)
            self._queue.put(roll_of(board, self._component))
