"""Whether the desk's session goes on: pause, resume and close may be entered on another page, or by a command."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from proctor.desk.events import Event, Halted, Paused
from sessions.errors import SessionClosedError
from sessions.reader import LogReader
from sessions.session import Session

_STANDS: Final[Mapping[str, Event]] = {
    "pause": Paused(paused=True),
    "resume": Paused(paused=False),
    "close": Halted(code=SessionClosedError.code),
}
_NOTHING: Final[Mapping[str, Any]] = {}


class SessionFollower:
    """Tells a desk how its session stands. One thread: whoever calls `look`, now and then."""

    def __init__(self, store: LogReader, session: Session, post: Callable[[Event], None]) -> None:
        self._store, self._session_id, self._post = store, session.session_id, post
        self._seen = -1
        self._told: Event = Paused(paused=False)

    def look(self) -> None:
        """Post what changed since the last look: by the kinds of new entries alone. Raises StoreError."""
        new = self._store.entries_after(self._seen, self._session_id, parse=lambda _body: _NOTHING)
        if not new:
            return
        self._seen = new[-1].seq
        stands = [_STANDS[entry.kind] for entry in new if entry.kind in _STANDS]
        if stands and stands[-1] != self._told:
            self._told = stands[-1]
            self._post(self._told)
