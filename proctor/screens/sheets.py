"""The sheets of one session as the sheets page shows them: which there are, what was made, where its file lies.

No window. What reads the log takes a moment and belongs beside the window's thread.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from proctor.printing.errors import PrintingError
from proctor.printing.model import State
from proctor.printing.outcomes import Outcome
from proctor.printing.queue import Job, PrintQueue
from proctor.roots import OpenRoot
from proctor.sheet_wish import LISTS, OF_COMPONENT, Wish
from proctor.texts import Texts
from sessions.course.allocation import placed, places_of
from sessions.course.board import Board
from sessions.course.progress import Progress
from sessions.reader import Entry, LogReader
from sessions.record import parse_utc
from sessions.session import Session
from sessions.vietnam import VIETNAM

WITH_ROOM: Final = frozenset({"call-list", "collection"})
WITH_CANDIDATE: Final = frozenset({"slip", "notice"})
NEEDS_CANDIDATE: Final = frozenset({"slip"})
"""Of which a draft shows one candidate's at a time."""
FOLDER: Final = "sheets"
_NAMES: Final = 2
_ORDER: Final = (
    *("notice", "self-test", "call-list", "attendance", "collection", "incident", "exceptions"),
    *("results", "slip", "summary", "seal", "erasure"),
)
"""In the order of the day."""
_LIES: Final = (("sheet-signature", "signed_sha256"), ("sheet-timestamp", "stamped_sha256"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One sheet that a session has. `about`: what tells it from others of its kind, in words; "" where it is the only
    one, or the component does. `made`: its prints, of rooms, candidates and walls too, the newest last; `posted`: there
    is one for a wall."""

    wish: Wish
    about: str = ""
    made: tuple["Made", ...] = field(default=(), repr=False)
    posted: bool = False

    @property
    def kind(self) -> str:
        """The kind of sheet."""
        return self.wish.kind

    @property
    def key(self) -> str:
        """What tells it from every other of the session."""
        return f"{self.wish.kind}:{self.wish.variant}"

    @property
    def listed(self) -> bool:
        """Whether spreadsheets go with it."""
        return self.kind in LISTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One sheet that was made. `seq`: the entry of its print; `at`: when, in Vietnam's time; `newest`: SHA-256 of the
    file that was made of it last; `signed`: roles that signed, in the order of their signatures."""

    seq: int
    wish: Wish
    at: str
    by: str
    sha256: str
    newest: str
    outcome: Outcome
    signed: tuple[str, ...] = ()
    family: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """The kind of sheet."""
        return self.wish.kind

    @property
    def copy(self) -> int:
        """The number of the reprint, 0 for a first print."""
        return self.wish.copy

    @property
    def item_key(self) -> str:
        """The key of the `Item` it belongs to."""
        return f"{self.kind}:{replace(self.wish, room='', entry='').variant}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All of a session's sheets. `rooms` by component; `sbds` in the list's order."""

    items: tuple[Item, ...]
    made: tuple[Made, ...]
    rooms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sbds: tuple[str, ...] = ()
    closed: bool = False

    def item(self, key: str) -> Item | None:
        """Return a sheet by its key."""
        return next((each for each in self.items if each.key == key), None)

    def one(self, seq: int) -> Made | None:
        """Return a print by its entry."""
        return next((each for each in self.made if each.seq == seq), None)


def shelf(opened: OpenRoot, session: Session) -> Shelf:
    """Read which sheets a session has and what was made of them. Raises StoreError."""
    board = Board(opened.store, session)
    made = made_of(opened.store, session.session_id)
    places = {name: places_of(board.entries, name) for name in session.components}
    seats = [seat for seat in session.seats if not seat.erased]
    rooms = {
        name: tuple(sorted({placed(seat, places[name])[0] for seat in seats} - {""}))
        for name in session.components
    }
    from reports.posting import POSTED_KINDS  # noqa: PLC0415 - it loads what lays out sheets

    items = tuple(
        replace(
            item,
            made=tuple(each for each in made if each.item_key == item.key),
            posted=item.kind in POSTED_KINDS,
        )
        for item in _items(board, session)
    )
    return Shelf(
        items=items,
        made=tuple(reversed(made)),
        rooms=rooms,
        sbds=tuple(seat.sbd for seat in seats),
        closed=board.closed,
    )


def _items(board: Board, session: Session) -> list[Item]:
    """Return the sheets in the order of the day, those that this session cannot have left out."""
    found: list[Item] = []
    for kind in _ORDER:
        found += _of_kind(kind, board, session)
    return found


def _of_kind(kind: str, board: Board, session: Session) -> list[Item]:
    wish = Wish(kind=kind)
    if kind == "collection" and (session.rules.kind != "exam" or session.rules.classes):
        return []
    if kind in OF_COMPONENT:
        return [Item(wish=replace(wish, component=name)) for name in session.components]
    if kind == "incident":
        ids = dict.fromkeys(
            str(entry.body.get("incident", entry.seq)) for entry in board.entries if entry.kind == "incident"
        )
        return [Item(wish=replace(wish, incident=each), about=each) for each in ids]
    if kind == "results":
        classes = Progress.of(session, board.entries).classes
        several = classes if len(classes) > 1 else ()
        return [
            Item(wish=wish),
            *(Item(wish=replace(wish, licence_class=each), about=each) for each in several),
        ]
    if kind == "erasure":
        shreds = [entry for entry in board.entries if entry.kind == "shred"]
        return [Item(wish=wish)] if shreds else []
    return [Item(wish=wish)]


def made_of(store: LogReader, session_id: str) -> tuple[Made, ...]:
    """Return every print of a session, oldest first, with what became of it."""
    entries = [
        entry
        for kind in ("print", "sheet-signature", "sheet-timestamp", "print-job")
        for entry in store.entries(kind, session_id)
    ]
    entries.sort(key=lambda entry: entry.seq)
    prints: dict[str, _Print] = {}
    for entry in entries:
        if entry.kind == "print":
            found = _Print(entry)
            prints.setdefault(found.newest, found)
        else:
            _take(prints, entry)
    return tuple(each.made for each in dict.fromkeys(prints.values()))


def _take(prints: "dict[str, _Print]", entry: Entry) -> None:
    """Enter what became of a file: a job, or another file that was made of it."""
    found = prints.get(entry.body["pdf_sha256"])
    if found is None:
        return
    if entry.kind == "print-job":
        found.jobs.append(entry)
        return
    name = dict(_LIES)[entry.kind]
    found.newest = entry.body[name]
    found.family.add(found.newest)
    prints.setdefault(found.newest, found)
    if entry.kind == "sheet-signature":
        found.signed.append(str(entry.body["role"]))


class _Print:
    """A print while the log is read."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.newest = str(entry.body["pdf_sha256"])
        self.family = {self.newest}
        self.signed: list[str] = []
        self.jobs: list[Entry] = []

    @property
    def made(self) -> Made:
        body = self.entry.body
        return Made(
            seq=self.entry.seq,
            wish=Wish.of_entry(body),
            at=parse_utc(body["at"]).astimezone(VIETNAM).strftime("%H:%M %d/%m"),
            by=str(body["operator"]["id"]),
            sha256=str(body["pdf_sha256"]),
            newest=self.newest,
            outcome=self.outcome,
            signed=tuple(self.signed),
            family=frozenset(self.family),
        )

    @cached_property
    def outcome(self) -> Outcome:
        """What became of its ways to a printer: the best of them."""
        known = {
            Outcome.UNKNOWN if job.body.get("reason") == "unknown" else Outcome(job.body["outcome"])
            for job in self.jobs
        }
        return next((outcome for outcome in Outcome if outcome in known), Outcome.NONE)


# --- files --------------------------------------------------------------------------------------------


def sheets_folder(opened: OpenRoot, session_id: str) -> Path:
    """Return where the page puts a session's sheets when nobody says otherwise: with the station's own data."""
    return opened.root.path / FOLDER / session_id


def short_place(folder: Path) -> str:
    """Return a folder as a line has room for it: its last two names; `…` stands for those before."""
    names = folder.parts
    return str(folder) if len(names) <= _NAMES + 1 else "/".join(("…", *names[-_NAMES:]))


# --- words --------------------------------------------------------------------------------------------


def kind_words(texts: Texts, kind: str) -> str:
    """Return a kind of sheet as people say it."""
    return texts[f"picture.kind.{kind}"]


def item_words(texts: Texts, item: Item, labels: Mapping[str, str]) -> str:
    """Return a sheet of the session in words. `labels`: components by id."""
    name, about = kind_words(texts, item.kind), labels.get(item.wish.component, item.about)
    return f"{name} · {about}" if about else name


def made_words(texts: Texts, made: Made, labels: Mapping[str, str]) -> str:
    """Return a print in words: kind, what it is about, for the wall. `labels`: components by id."""
    wish = made.wish
    about = [labels.get(wish.component, wish.component), wish.licence_class, wish.incident]
    about += [texts.say("sheets-page.of-room", room=wish.room)] if wish.room else []
    about += [texts.say("sheets-page.of-sbd", sbd=wish.sbd)] if wish.sbd else []
    about += [texts["sheets-page.posted"]] if wish.posted else []
    return " · ".join((kind_words(texts, made.kind), *(each for each in about if each)))


def copy_words(texts: Texts, made: Made) -> str:
    """Return which print of the sheet it is."""
    return texts.say("sheets-page.copy", number=made.copy) if made.copy else texts["sheets-page.first"]


def paper_words(texts: Texts, made: Made, job: Job | None) -> str:
    """Return whether it is on paper: by the job that is open, else by the log."""
    if job is not None and not job.done:
        return texts[f"print.state.{job.state.value}"]
    return texts[f"sheets-page.paper.{made.outcome.value}"]


def newest_job(jobs: tuple[Job, ...], made: Made) -> Job | None:
    """Return the last job of a print or of what was made of it."""
    return next((job for job in reversed(jobs) if job.sha256 in made.family), None)


def jobs_of(opened: OpenRoot) -> tuple[Job, ...]:
    """Return the station's print jobs as they were last seen. Raises QueueDamagedError."""
    return PrintQueue(opened.root.path).jobs()


STILL: Final = frozenset({State.STOPPED})


def offered(made: Made, job: Job | None) -> str:
    """Return what can be done about the paper of a print: "resume" a job that stands still, "wait" for one that goes
    on, "retry" one that failed, "print" a file that never went out; "" where it is on paper."""
    if job is not None and not job.done:
        return "resume" if job.state in STILL else "wait"
    if job is not None and job.state in {State.FAILED, State.CANCELLED} and not job.settled:
        return "retry"
    return "" if made.outcome in {Outcome.PRINTED, Outcome.UNKNOWN} else "print"


def command_words(session_id: str, wish: Wish, out: str) -> tuple[str, ...]:
    """Return the command that makes a sheet, its printing options left out."""
    named = (
        ("component", wish.component),
        ("class", wish.licence_class),
        ("incident", wish.incident),
        ("entry", wish.entry),
        ("room", wish.room),
        ("candidate", wish.sbd),
        ("reason", wish.reason),
    )
    options = tuple(f"--{name}={value}" for name, value in named if value)
    ticked = (*(("--posted",) if wish.posted else ()), *(("--pdf-only",) if wish.pdf_only else ()))
    return ("sheets", wish.kind, f"--session={session_id}", f"--out={out}", *options, *ticked)


def megabytes(octets: int) -> str:
    """Return a size as people say it: "12,4 MB", "38 kB"."""
    if octets < 100_000:
        return f"{max(1, round(octets / 1000))} kB"
    return f"{octets / 1_000_000:.1f} MB".replace(".", ",")


def known_printers(opened: OpenRoot, kind: str) -> tuple[str, tuple[str, ...]]:
    """Return where sheets of a kind go, and every printer that takes sheets; "" and none where there is none, or the
    print system does not answer. May take seconds."""
    from proctor.printing.settings import PrinterSettings  # noqa: PLC0415 - asked for beside the window
    from proctor.printing.station import system_printer  # noqa: PLC0415

    chosen = PrinterSettings.load(opened.root.path).of(kind).printer
    try:
        found = system_printer(opened.root.path).printers()
    except PrintingError:
        return "", ()
    usable = [each for each in found if each.device and each.accepting]
    names = tuple(each.name for each in usable)
    standard = next((each.name for each in usable if each.default), names[0] if len(names) == 1 else "")
    return (chosen if chosen in names else standard), names
