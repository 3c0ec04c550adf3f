"""The session's gallery: every template that its attempts left in this station's log, in memory only.

Only what the log still holds counts: an erased template is gone at the next `refresh`. Attempts at other components
of the session are among them; those of merged parts are not, since a part's evidence stays with its station.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biometrics.search import NOBODY, Found, TemplateIndex
from biometrics.template_code import FaceTemplates, Kind, Space, TemplateBytesError, decode
from sessions.errors import EvidenceMissingError
from sessions.reader import Entry, LogReader

PIECE: Final = "template"
"""The name of the piece of evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """Whose template a row is: of which candidate (None: of an attempt that found nobody's number), which of the two
    it is, and the attempt's entry, component and time. `again`: how many later attempts brought the same reference.
    """

    sbd: str | None
    kind: Kind
    entry: int
    component: str
    at: str


class Shelf:
    """The templates of one space, with whose they are."""

    def __init__(self, space: Space, dimension: int, owners: Mapping[str, int]) -> None:
        self.space, self.dimension = space, dimension
        self.index = TemplateIndex(dimension)
        self.enrolled: list[Enrolled] = []
        self._owners = owners
        self._references: dict[int, list[NDArray[np.float32]]] = {}

    def add(self, who: Enrolled, vector: NDArray[np.float32]) -> None:
        """Add a template; the same chip's portrait, read again for the same candidate, is one reference, not two."""
        owner = NOBODY if who.sbd is None else self._owners[who.sbd]
        if who.kind == "reference":
            known = self._references.setdefault(owner, [])
            if any(np.array_equal(vector, each) for each in known):
                return
            known.append(vector)
        self.index.add(owner, vector)
        self.enrolled.append(who)

    def knows(self, sbd: str | None, vector: NDArray[np.float32]) -> bool:
        """Whether this very reference of the candidate was enrolled, and so compared, before."""
        owner = NOBODY if sbd is None else self._owners.get(sbd, NOBODY)
        return any(np.array_equal(vector, each) for each in self._references.get(owner, ()))

    def nearest(
        self, vector: NDArray[np.float32], *, sbd: str | None, top: int = 1
    ) -> tuple[tuple[Enrolled, Found], ...]:
        """Return the templates of other candidates that are most alike, best first."""
        owner = NOBODY if sbd is None else self._owners.get(sbd, NOBODY)
        found = self.index.nearest(vector, owner=owner, top=top)
        return tuple((self.enrolled[each.row], each) for each in found)

    def count_others(self, sbd: str | None) -> int:
        """How many templates belong to other candidates."""
        return self.index.count_others(NOBODY if sbd is None else self._owners.get(sbd, NOBODY))

    def clear(self) -> None:
        """Forget all of them."""
        self.index.clear()
        self.enrolled.clear()
        self._references.clear()


class SessionGallery:
    """All templates of a session, by space; reads the log under whoever's rights opened it. Not for several threads.

    `unreadable`: entries whose piece is no template of a form that this program knows.
    """

    def __init__(self, store: LogReader, session_id: str) -> None:
        self._store, self._session_id = store, session_id
        self._owners: dict[str, int] = {}
        self._read = -1
        self.shelves: dict[tuple[Space, int], Shelf] = {}
        self.unreadable: list[int] = []

    def refresh(self) -> None:
        """Take in what the log has got since; after any erasure everything is read anew. Raises StoreAlteredError."""
        new = self._store.entries_after(self._read, self._session_id)
        if self._read >= 0 and any(entry.kind == "shred" for entry in new):
            self.clear()
            new = self._store.entries(session=self._session_id)
        for entry in new:
            self._take(entry)
            self._read = entry.seq

    def clear(self) -> None:
        """Forget every template; `refresh` reads them again."""
        for shelf in self.shelves.values():
            shelf.clear()
        self.shelves.clear()
        self.unreadable.clear()
        self._owners.clear()
        self._read = -1

    def shelf(self, space: Space, dimension: int) -> Shelf | None:
        """Return the templates that may be compared with those of a space and dimension, or None."""
        return self.shelves.get((space, dimension))

    @property
    def candidates(self) -> int:
        """How many candidates have a template."""
        return len(self._owners)

    def _take(self, entry: Entry) -> None:
        if entry.kind != "attempt" or PIECE not in entry.body.get("evidence", {}):
            return
        try:
            templates = decode(self._store.evidence(entry.seq, PIECE))
        except EvidenceMissingError:  # erased
            return
        except TemplateBytesError:
            self.unreadable.append(entry.seq)
            return
        self._enrol(entry, templates)

    def _enrol(self, entry: Entry, templates: FaceTemplates) -> None:
        sbd = entry.body.get("sbd")
        if sbd is not None:
            self._owners.setdefault(sbd, len(self._owners))
        for kind, vector in templates.vectors.items():
            key = (templates.space, len(vector))
            shelf = self.shelves.setdefault(key, Shelf(*key, self._owners))
            shelf.add(
                Enrolled(
                    sbd=sbd,
                    kind=kind,
                    entry=entry.seq,
                    component=str(entry.body["component"]),
                    at=str(entry.body["at"]),
                ),
                vector,
            )
