"""The board of a session: where every candidate stands at every component, kept up with the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sessions.course.entries import SessionEntry, in_order, own_entry
from sessions.course.sparing import Sparing
from sessions.course.states import KINDS, Standing, State, apply, close, unbegin
from sessions.reader import Entry, LogReader
from sessions.session import Session, load_session


class Board:
    """Reads a session's entries once, and after that only those that are new; it keeps them in little room.

    Where a part of another station is taken over, or the list changed, everything is read again.
    """

    def __init__(self, store: LogReader, session: Session) -> None:
        self._store = store
        self._session = session
        self._last = -1
        self._sparing = Sparing()
        self._entries: list[SessionEntry] = []
        self._rows: dict[tuple[str, str], Standing] = {}
        self._begun: dict[str, Standing] = {}
        self._tried: dict[str, str] = {}
        self._closed = False
        self._seat(session)
        self.refresh()

    @property
    def session(self) -> Session:
        """The session with its newest list."""
        return self._session

    @property
    def entries(self) -> tuple[SessionEntry, ...]:
        """Every entry of the session that was read so far, in order."""
        return tuple(self._entries)

    @property
    def closed(self) -> bool:
        """Whether the session has its close entry."""
        return self._closed

    def refresh(self) -> None:
        """Take in what was committed since the last call. Raises StoreAlteredError."""
        after, session_id = self._last, self._session.session_id
        fresh = self._store.entries_after(after, session_id, parse=self._sparing)
        if not fresh:
            return
        self._last = fresh[-1].seq
        if after >= 0 and any(_changes_all(entry) for entry in fresh):
            newest = load_session(self._store, session_id)
            self._seat(newest.at(self._session.component))
            everything = self._store.entries_after(-1, session_id, parse=self._sparing)
            self._last = everything[-1].seq
            self._take(in_order(self._store, everything))
        elif after < 0:
            if any(entry.kind == "roster" for entry in fresh):  # the list that was given may be from before
                self._seat(load_session(self._store, session_id).at(self._session.component))
            self._take(in_order(self._store, fresh))
        else:
            self._take(own_entry(entry) for entry in fresh)

    def standing(self, sbd: str, component: str | None = None) -> Standing:
        """Return where a candidate stands; KeyError for nobody of this session, or of another component."""
        return self._rows[sbd, component or self._session.component]

    def standings(self, component: str | None = None) -> tuple[Standing, ...]:
        """Return everybody of a component, in the list's order; erased rows are the last."""
        wanted = component or self._session.component
        return tuple(row for (_, name), row in self._rows.items() if name == wanted)

    def counts(self, component: str | None = None) -> Mapping[State, int]:
        """Return how many stand where; every state is there."""
        found = Counter(row.state for row in self.standings(component))
        return {state: found[state] for state in State}

    def _seat(self, session: Session) -> None:
        """Begin anew with an empty row for everybody on the list."""
        self._session, self._entries, self._closed = session, [], False
        self._begun, self._tried = {}, {}
        self._rows = {}
        for index, seat in enumerate(session.seats):
            for component in session.components:
                if seat.erased:
                    row = Standing(seat=seat, component=component, state=State.ERASED)
                    self._rows[f"\0{index}", component] = row
                elif not seat.components or component in seat.components:
                    self._rows[seat.sbd, component] = Standing(seat=seat, component=component)

    def _take(self, entries: Iterable[SessionEntry]) -> None:
        for entry in entries:
            self._entries.append(entry)
            if entry.kind in KINDS:
                self._apply(entry)
            elif entry.kind == "close" and entry.part is None:
                self._closed = "part" not in entry.body
        if self._closed:
            for row in self._rows.values():
                close(row)

    def _apply(self, entry: SessionEntry) -> None:
        """Let an entry change the rows that it speaks of; an attempt that ends is nobody else's any more."""
        rows = self._meant(entry)
        for row in rows:
            apply(row, entry)
        if entry.kind == "begin" and rows:
            self._begun[entry.body["attempt"]] = rows[0]
        elif entry.kind == "attempt":
            self._tried[entry.body["attempt"]] = entry.body["component"]
            began = self._begun.pop(entry.body["attempt"], None)
            if began is not None and began not in rows:
                unbegin(began)

    def _meant(self, entry: SessionEntry) -> tuple[Standing, ...]:
        """Return the rows that an entry speaks of: one, or all of a candidate where it names no component; an
        override without one is about its attempt's.
        """
        sbd = entry.body.get("sbd")
        if sbd is None:
            return ()
        of_attempt = self._tried.get(entry.body["of"], "") if entry.kind == "override" else None
        component = entry.body.get("component", of_attempt)
        wanted = self._session.components if component is None else (component,)
        return tuple(row for name in wanted if (row := self._rows.get((sbd, name))) is not None)


def _changes_all(entry: Entry) -> bool:
    """Whether an entry changes the list itself."""
    return entry.kind in {"merge", "roster", "shred", "split"}
