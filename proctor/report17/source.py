"""One session as a log or a pack has it, for whoever counts over many of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from proctor.report17.kinds import kind_of
from reports.model17_tally import Tally, tally
from sessions.course.entries import SessionEntry
from sessions.roster.model import Seat
from sessions.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One session. `station`: whose log it is in; `session`: its id; `kind` "real" or "training"; `file`: the pack it
    was read from, or ""; `size`: how far that log was read.

    `entries`: all of the session, taken-over parts among them, in order. `classes`: by candidate number, as far as
    the list is known. `merged`: the parts that are in it, as (station, session id). `part`: it is another session's
    part, counted there. `incomplete`: parts whose entries are not known here.
    """

    station: str
    session: str
    kind: str
    day: date
    place: str
    entries: tuple[SessionEntry, ...] = field(repr=False)
    components: tuple[str, ...]
    classes: Mapping[str, str] = field(repr=False)
    rules: Rules | None = field(repr=False)
    size: int
    file: str = ""
    merged: tuple[tuple[str, str], ...] = ()
    part: bool = False
    incomplete: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What makes two copies of one session the same."""
        return self.station, self.session

    @property
    def close(self) -> SessionEntry | None:
        """The entry that closed it, or None."""
        return next((entry for entry in self.entries if _closes(entry)), None)

    @property
    def settled(self) -> tuple[SessionEntry, ...]:
        """The entries up to its close: what was held then."""
        close = self.close
        return self.entries if close is None else tuple(e for e in self.entries if e.held <= close.held)

    @property
    def listed(self) -> int:
        """How many are on the list: as opened, and added on the day."""
        own = [entry.body for entry in self.settled if entry.part is None]
        return sum(int(body.get("candidates", 0)) for body in own if body["kind"] == "open") + sum(
            int(body["added"]) for body in own if body["kind"] == "roster"
        )

    @property
    def category(self) -> str:
        """Which kind of sitting it is, of `kinds.ORDER`."""
        return kind_of(self.rules, self.classes.values())

    def tally(self) -> Tally:
        """Return what it comes to."""
        return tally(self.settled, listed=self.listed, classes=self.classes, components=self.components)


def differences(source: Source, found: Tally) -> tuple[str, ...]:
    """Return the names of what the close entry says otherwise than its entries; nothing where there is none."""
    close = source.close
    if close is None:
        return ()
    body = close.body
    said = {"candidates": found.person("candidates"), "absent": found.person("absent")}
    said["attempts"] = found.counts["attempts"]
    wrong = [name for name, count in said.items() if body.get(name, count) != count]
    for component, total in dict(body.get("totals", {})).items():
        present = found.present.get(component, {})
        here = {"present": sum(present.values())} | {
            f"by_{how}": present.get(how, 0) for how in ("override", "manual", "decision")
        }
        wrong += [f"{component}:{name}" for name, count in here.items() if total.get(name, count) != count]
    return tuple(wrong)


def classes_of(seats: Iterable[Seat], rules: Rules | None) -> dict[str, str]:
    """Return the class of everybody whose row is there, as the rules write it."""
    return {seat.sbd: _class(seat.licence_class, rules) for seat in seats if not seat.erased}


def components_of(opened: Mapping[str, object]) -> tuple[str, ...]:
    """Return the components of an `open` entry's body."""
    held = opened.get("components")
    names: Sequence[object] = held if isinstance(held, list) else [opened["component"]]
    return tuple(str(name) for name in names)


def _class(text: str, rules: Rules | None) -> str:
    known = None if rules is None else rules.licence_class(text)
    return " ".join(text.split()) if known is None else known.class_id


def _closes(entry: SessionEntry) -> bool:
    return entry.kind == "close" and entry.part is None and "part" not in entry.body
