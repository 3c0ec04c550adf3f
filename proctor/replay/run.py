"""The whole replay: sessions into one log, their sheets, and every printed count held against a second count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from proctor.config import Places
from proctor.replay.day import Day
from proctor.replay.plan import Sitting, Size, Without, plan
from proctor.replay.recount import Recount
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.sheet_kinds import BUILDERS
from proctor.sheet_wish import Wish
from proctor.sheets import SheetDesk, write_sheet
from proctor.texts import load_texts
from sessions.pins import StationPins
from sessions.session import Session, load_session
from sessions.store import Store
from sessions.verify import LogReport, verify_log

_WHOLE: Final = ("call-list", "exceptions", "results", "summary", "self-test", "seal")
OnSitting = Callable[["Played"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A printed count that is not what the log says."""

    session: str
    sheet: str
    name: str
    printed: int | None
    counted: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One sheet: its kind, its variant (a component, …), where it lies (None: only its page model was made), counts.

    `size`: the tree head it is of.
    """

    kind: str
    variant: str
    path: Path | None
    size: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One session as it was replayed; times in seconds."""

    number: int
    title: str
    session: str
    candidates: int
    entries: int
    sheets: tuple[Printed, ...]
    differences: tuple[Difference, ...]
    day_s: float
    sheets_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The whole: sessions in order, and what verifying the log said."""

    sittings: tuple[Played, ...]
    report: LogReport
    database: Path

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every difference of every sheet."""
        return tuple(found for played in self.sittings for found in played.differences)

    @property
    def ok(self) -> bool:
        """Whether every count agrees and the log is sound."""
        return not self.differences and self.report.ok


def replay(
    places: Places,
    *,
    seed: int,
    size: Size,
    without: Without,
    on_sitting: OnSitting = lambda played: None,
    paper: bool = True,
) -> Replay:
    """Replay into the training root of `places`. `paper` False: page models only, no PDF. Raises CommandError."""
    root = ensure_training_root(places.training)
    with open_training(root) as opened:
        sittings = []
        for sitting in plan(seed, size, without):
            played = _sitting(opened, sitting, paper=paper)
            on_sitting(played)
            sittings.append(played)
        keys = opened.keys
    report = verify_log(
        root.database,
        database_key=keys.bundle.database_key,
        evidence_key=keys.bundle.evidence_key,
        pins=StationPins.load(root.stations_dir),
        origin=root.origin,
    )
    return Replay(sittings=tuple(sittings), report=report, database=root.database)


def _sitting(opened: OpenRoot, sitting: Sitting, *, paper: bool) -> Played:
    began = monotonic()
    session = Day(opened, sitting, notice=load_texts("vi")["notice.text"]).play()
    played = monotonic()
    session = load_session(opened.store, session.session_id)
    sheets, differences = [], []
    for wish in _wishes(opened.store, session):
        component = wish.component or session.components[0]
        printed = _print(opened, session.at(component), wish, paper=paper)
        sheets.append(printed)
        differences += _compare(opened.store, session, component, printed)
    return Played(
        number=sitting.number,
        title=sitting.title,
        session=session.session_id,
        candidates=len(session.seats),
        entries=len(opened.store.entries(session=session.session_id)),
        sheets=tuple(sheets),
        differences=tuple(differences),
        day_s=played - began,
        sheets_s=monotonic() - played,
    )


def _wishes(store: Store, session: Session) -> list[Wish]:
    """Return what is printed of a session."""
    found = [Wish(kind="attendance", component=component) for component in session.components]
    found += [Wish(kind=kind) for kind in _WHOLE]
    incidents = store.entries("incident", session.session_id)
    if incidents:
        found.append(Wish(kind="incident", incident=incidents[0].body["incident"]))
    return found


def _print(opened: OpenRoot, session: Session, wish: Wish, *, paper: bool) -> Printed:
    desk = SheetDesk(opened, session, wish)
    sheet = BUILDERS[wish.kind](desk)
    path = None
    if paper:
        opened.root.sheets_dir.mkdir(exist_ok=True)
        path = write_sheet(opened, sheet, opened.root.sheets_dir, desk.texts, wish=desk.wish).path
    return Printed(
        kind=sheet.kind, variant=sheet.variant, path=path, size=sheet.head.size, counts=dict(sheet.counts)
    )


def class_of(session: Session) -> str:
    """Return the class of a session, as the rules write it: the pilot has one for each."""
    text = session.seats[0].licence_class
    known = session.rules.licence_class(text)
    return text if known is None else known.class_id


def _compare(store: Store, session: Session, component: str, printed: Printed) -> list[Difference]:
    """Return every count of a sheet that is not what the log up to its tree head says, missing ones too."""
    if printed.kind == "incident":
        return []  # one incident's own story: it counts nothing of the session
    bodies = [entry.body for entry in store.entries(session=session.session_id) if entry.seq < printed.size]
    recount = Recount(
        bodies, session.components, sequential=session.rules.sequential, licence_class=class_of(session)
    )
    counted = recount.of(printed.kind, component)
    return [
        Difference(
            session=session.session_id,
            sheet="-".join(part for part in (printed.kind, printed.variant) if part),
            name=name,
            printed=printed.counts.get(name),
            counted=counted.get(name),
        )
        for name in sorted(printed.counts.keys() | counted.keys())
        if printed.counts.get(name) != counted.get(name)
    ]
