"""What a session's pack would hold, and where backups go, said before they are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proctor.keeping import BackupPlaces
from proctor.roots import OpenRoot
from proctor.screens.second import Seconds, seconds_of
from proctor.screens.sheets import Shelf
from sessions.department_pin import pinned
from sessions.errors import DepartmentNotPinnedError
from sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class PackPlan:
    """`entries`: of the session; `sheets`: that were made, `away`: entries of those whose first file is not here;
    `department`: the fingerprint of the key that the pack is sealed to, "" in training or where none is pinned;
    `closed`: whether the session is."""

    entries: int
    sheets: int
    away: tuple[int, ...]
    department: str
    closed: bool
    seconds: Seconds


def pack_plan(opened: OpenRoot, session: Session, shelf: Shelf, here: Mapping[str, Path]) -> PackPlan:
    """Return what a pack would hold now. Raises StoreError."""
    return PackPlan(
        entries=len(opened.store.entries(session=session.session_id)),
        sheets=len(shelf.made),
        away=tuple(sorted(made.seq for made in shelf.made if made.sha256 not in here)),
        department=_department(opened),
        closed=shelf.closed,
        seconds=seconds_of(opened, session, "export"),
    )


def _department(opened: OpenRoot) -> str:
    if opened.training:
        return ""  # it is made with the first pack
    try:
        return pinned(opened.root, opened.store).fingerprint
    except DepartmentNotPinnedError:
        return ""


def backup_place(opened: OpenRoot) -> str:
    """Return the folder that backups go to by themselves; "" where none was set. Raises CommandError."""
    places = BackupPlaces.load(opened.root)
    return "" if places is None else str(places.to)
