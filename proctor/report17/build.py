"""The report on mô hình 17, from what was gathered to its page model."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from proctor.report17.gather import Counted, Gathered, LeftOut
from proctor.report17.kinds import ORDER, class_order
from proctor.report17.text_file import Typed
from proctor.texts import Texts
from reports.model17 import BLANK, Figure, Model17, Table, Value, number
from reports.model17_tally import LISTED, UNKNOWN, WAYS, Tally, add
from reports.session_sheet import DOTS, place_and_date
from reports.sheet import Header, Letterhead
from reports.wording import clean
from sessions.roster.names import comparison_key

_NAMED = 8
"""So many sessions that do not count are named in the column; all are in the table."""
_EVENTS = ("incidents", "scans")
_ONLY_IF_ANY = frozenset({"by-other"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. `department` None: the station's own report; "": a department's, its name to be filled in."""

    since: date
    until: date
    made: date
    department: str | None = None
    letterhead: Letterhead = field(default_factory=Letterhead)
    source: str = ""


def build_report(gathered: Gathered, typed: Typed | None, wish: Wish, texts: Texts) -> Model17:
    """Return the page model. `typed` None: columns 4 to 7 are left to be filled in by hand."""
    return _Builder(gathered, wish, texts).report(typed)


class _Builder:
    def __init__(self, gathered: Gathered, wish: Wish, texts: Texts) -> None:
        self._gathered, self._wish, self._texts = gathered, wish, texts
        self._all = add(each.tally for each in gathered.counted)
        self._figures: list[Figure] = []

    def say(self, key: str, /, **values: str | int) -> str:
        return clean(self._texts.say(f"report17.{key}", **values))

    def report(self, typed: Typed | None) -> Model17:
        result = tuple(self._result())
        parts = (BLANK,) * 4 if typed is None else tuple(part or BLANK for part in typed.parts)
        training = None
        if self._gathered.training:
            training = (self._texts["sheet.training.banner"], self._texts["sheet.training.mark"])
        return Model17(
            language="vi",
            header=self._header(),
            heads=tuple(self.say(f"column.{number_}") for number_ in range(1, 8)),
            row=(("1",), (self.say("model"),), result, *parts),
            figures=tuple(self._figures),
            tables=tuple(self._numbered()),
            closing=(self.say("method"),),
            recipients_label=self._texts["sheet.recipients"],
            recipients=(self.say("recipient.superior"), self.say("recipient.file")),
            signature=(self.say("signature"), self._texts["sheet.sign-here"]),
            source=self._wish.source,
            page=self.say("page", page="{page}", pages="{pages}"),
            sheet_names=(self.say("sheet.report"), self.say("sheet.figures")),
            figure_heads=(self.say("figures.group"), self.say("figures.label"), self.say("figures.value")),
            made=self._wish.made,
            training=training,
        )

    # -- the head ---------------------------------------------------------------------------------

    @property
    def _period(self) -> dict[str, str]:
        wish = self._wish
        return {"since": wish.since.strftime("%d/%m/%Y"), "until": wish.until.strftime("%d/%m/%Y")}

    def _header(self) -> Header:
        wish, letterhead, texts = self._wish, self._wish.letterhead, self._texts
        agency = clean(wish.department or "") or clean(letterhead.agency)
        return Header(
            parent=clean(letterhead.parent).upper() or DOTS,
            agency=agency.upper() or DOTS,
            number=texts.say("sheet.number", symbol=clean(letterhead.symbol) or DOTS[:6]),
            nation=texts["sheet.nation"],
            motto=texts["sheet.motto"],
            place_and_date=place_and_date(wish.made, texts, clean(letterhead.locality) or DOTS[:10]),
            title=self.say("title"),
            lines=(self.say("subtitle", **self._period),),
            logo=letterhead.logo,
        )

    # -- column 3 ---------------------------------------------------------------------------------

    def _figure(self, name: str, value: int, group: str, label: str) -> str:
        """Keep a figure for the spreadsheet, and return it as it is written."""
        self._figures.append(Figure(name=name, group=group, label=label, value=value))
        return number(value)

    def _told(self, group: str, *names: str) -> dict[str, str]:
        """Keep figures of this session's checks, and return them as they are written, by name."""
        counts = self._all.counts
        return {
            name.replace("-", "_"): self._figure(name, counts[name], group, self.say(f"label.{name}"))
            for name in names
        }

    def _result(self) -> list[str]:
        """Return the paragraphs of the computed column."""
        counted = self._gathered.counted
        if not counted:
            return [self.say("opening"), self.say("none", **self._period), *self._missing()]
        group = self.say("group.total")
        first = self.say(
            "progress",
            **self._period,
            sessions=self._figure("sessions", len(counted), group, self.say("label.sessions")),
            people=self._figure(LISTED, self._all.person(LISTED), group, self.say("label.candidates")),
        )
        lines = [
            self.say("opening"),
            first,
            *self._kinds(),
            *self._classes(),
            *self._people(),
            *self._checks(),
        ]
        if self._wish.department is not None:
            lines += self._centres()
        lines[-1] = lines[-1].removesuffix(";") + "."
        return [*lines, *self._missing()]

    def _kinds(self) -> list[str]:
        group = self.say("group.kinds")
        lines = [group]
        for kind, members in self._by(lambda each: each.source.category, ORDER.index):
            label = self.say(f"kind.{kind}")
            people = add(each.tally for each in members).person(LISTED)
            sessions = self._figure(
                f"kind:{kind}:sessions", len(members), group, self.say("label.of-sessions", name=label)
            )
            told = self._figure(
                f"kind:{kind}:{LISTED}", people, group, self.say("label.of-candidates", name=label)
            )
            lines.append(self.say("kind-line", kind=label, sessions=sessions, people=told))
        return lines

    def _classes(self) -> list[str]:
        group = self.say("group.classes")
        lines = []
        for name, people in self._class_rows(self._all):
            label = self._class(name)
            told = self._figure(
                f"class:{name}:{LISTED}",
                people[LISTED],
                group,
                self.say("label.of-candidates", name=label),
            )
            verified = self._figure(
                f"class:{name}:by-chip-face",
                people["by-chip-face"],
                group,
                self.say("label.of-verified", name=label),
            )
            lines.append(self.say("class-line", name=label, people=told, verified=verified))
        return [group, *lines] if lines else []

    def _people(self) -> list[str]:
        group = self.say("group.people")
        lines = [group]
        for name in WAYS:
            value = self._all.person(name)
            if value or name not in _ONLY_IF_ANY:
                label = self.say(f"label.{name}")
                told = self._figure(name, value, group, label)
                lines.append(self.say("line", label=label, value=told))
        return lines

    def _checks(self) -> list[str]:
        """Return the lines of several figures each."""
        group = self.say("group.checks")
        return [
            group,
            *(self.say(f"{key}-line", **self._told(group, *names)) for key, names in _CHECK_LINES.items()),
        ]

    def _centres(self) -> list[str]:
        group, lines = self.say("group.centres"), []
        for _, members in self._by_centre():
            place, whole = clean(members[0].source.place), add(each.tally for each in members)
            values = {
                "sessions": len(members),
                LISTED: whole.person(LISTED),
                "by-chip-face": whole.person("by-chip-face"),
            }
            keys = {"sessions": "of-sessions", LISTED: "of-candidates", "by-chip-face": "of-verified"}
            told = {
                name: self._figure(
                    f"centre:{place}:{name}", value, group, self.say(f"label.{keys[name]}", name=place)
                )
                for name, value in values.items()
            }
            lines.append(
                self.say(
                    "centre-line",
                    place=place,
                    sessions=told["sessions"],
                    people=told[LISTED],
                    verified=told["by-chip-face"],
                )
            )
        return [group, *lines]

    def _missing(self) -> list[str]:
        """Return a line for each reason for which something of the period does not count."""
        reasons: dict[str, list[LeftOut]] = {}
        for each in self._gathered.left_out:
            if each.why != "same":
                reasons.setdefault(each.why, []).append(each)
        lines = []
        for why, members in reasons.items():
            names = ", ".join(_name(each) for each in members[:_NAMED])
            more = len(members) - _NAMED
            names += self.say("and-more", count=more) if more > 0 else ""
            lines.append(self.say(f"not-counted.{why}", count=number(len(members)), names=names))
        differing = [each.source.session for each in self._gathered.counted if each.differs]
        if differing:
            lines.append(
                self.say("differs", count=number(len(differing)), names=", ".join(sorted(differing)[:_NAMED]))
            )
        return lines

    # -- the tables -------------------------------------------------------------------------------

    def _numbered(self) -> Iterator[Table]:
        """Yield the tables that have rows, numbered."""
        there = (table for table in self._tables() if table.rows)
        for at, table in enumerate(there, start=1):
            yield replace(table, title=self.say("table", at=at, title=table.title))

    def _tables(self) -> list[Table]:
        return [
            *([self._centre_table()] if self._wish.department is not None else []),
            self._kind_table(),
            self._session_table(),
            self._left_table(),
        ]

    def _head(self, *names: str) -> tuple[str, ...]:
        return tuple(self.say(f"head.{name}") for name in names)

    @staticmethod
    def _counts(found: Tally) -> list[Value]:
        people = (found.person(name) for name in (LISTED, *_SHOWN))
        return [*people, *(found.counts[name] for name in _EVENTS)]

    def _centre_table(self) -> Table:
        rows: list[tuple[Value, ...]] = []
        for at, (_, members) in enumerate(self._by_centre(), start=1):
            stations = ", ".join(sorted({_short(each.source.station) for each in members}))
            whole = add(each.tally for each in members)
            rows.append((at, clean(members[0].source.place), stations, len(members), *self._counts(whole)))
        total: tuple[Value, ...] = (
            "",
            self.say("total"),
            "",
            len(self._gathered.counted),
            *(self._counts(self._all) if rows else ()),
        )
        return Table(
            name="centres",
            title=self.say("table.centres"),
            heads=self._head("at", "place", "station", "sessions", LISTED, *_SHOWN, *_EVENTS),
            weights=(4, 24, 12, 6, *_WEIGHTS),
            rows=(*rows, total) if rows else (),
            total=True,
        )

    def _kind_table(self) -> Table:
        rows: list[tuple[Value, ...]] = []
        for kind, members in self._by(lambda each: each.source.category, ORDER.index):
            whole = add(each.tally for each in members)
            for name, people in self._class_rows(whole, every=True):
                held = sum(name in each.tally.people for each in members)
                rows.append(
                    (
                        len(rows) + 1,
                        self.say(f"kind.{kind}"),
                        self._class(name),
                        held,
                        people[LISTED],
                        *(people[each] for each in _SHOWN),
                    )
                )
        return Table(
            name="kinds",
            title=self.say("table.kinds"),
            heads=self._head("at", "kind", "class", "sessions-with", LISTED, *_SHOWN),
            weights=(4, 26, 14, 8, *_WEIGHTS[:-2]),
            rows=tuple(rows),
        )

    def _session_table(self) -> Table:
        rows: list[tuple[Value, ...]] = []
        for at, each in enumerate(self._gathered.counted, start=1):
            source = each.source
            rows.append(
                (
                    at,
                    source.day,
                    source.session,
                    _short(source.station),
                    clean(source.place),
                    self.say(f"kind.{source.category}"),
                    *self._counts(each.tally),
                )
            )
        total: tuple[Value, ...] = (
            "", "", self.say("total"), "", "", "", *(self._counts(self._all) if rows else ()),
        )  # fmt: skip
        return Table(
            name="sessions",
            title=self.say("table.sessions"),
            heads=self._head("at", "day", "session", "station", "place", "kind", LISTED, *_SHOWN, *_EVENTS),
            weights=(4, 10, 14, 8.5, 16, 18, *_WEIGHTS),
            rows=(*rows, total) if rows else (),
            total=True,
        )

    def _left_table(self) -> Table:
        rows: list[tuple[Value, ...]] = []
        for at, each in enumerate(self._gathered.left_out, start=1):
            why = self.say(f"why.{each.why}")
            if each.code:
                said = clean(self._texts.say(each.code, **_plain(each.facts)))
                why = f"{why}: {said} ({each.code})"
            day: Value = "" if each.day is None else each.day
            rows.append((at, day, clean(each.session), _short(each.station), clean(each.file), why))
        return Table(
            name="left-out",
            title=self.say("table.left-out"),
            heads=self._head("at", "day", "session", "station", "file", "why"),
            weights=(4, 10, 16, 10, 24, 60),
            rows=tuple(rows),
        )

    # -- groups -----------------------------------------------------------------------------------

    def _by(
        self, name: Callable[[Counted], str], order: Callable[[str], int]
    ) -> list[tuple[str, list[Counted]]]:
        groups: dict[str, list[Counted]] = {}
        for each in self._gathered.counted:
            groups.setdefault(name(each), []).append(each)
        return sorted(groups.items(), key=lambda item: order(item[0]))

    def _by_centre(self) -> list[tuple[str, list[Counted]]]:
        groups: dict[str, list[Counted]] = {}
        for each in self._gathered.counted:
            groups.setdefault(comparison_key(each.source.place), []).append(each)
        return sorted(groups.items())

    def _class_rows(self, found: Tally, *, every: bool = False) -> Sequence[tuple[str, Mapping[str, int]]]:
        """Return the classes in their order; without any but "none", nothing unless `every`."""
        rows = sorted(found.people.items(), key=lambda item: class_order(item[0]))
        return rows if every or {name for name, _ in rows} - {""} else []

    def _class(self, name: str) -> str:
        if name in {"", UNKNOWN}:
            return self.say("class-none" if not name else "class-unknown")
        return self.say("class", name=name)


_CHECK_LINES = {
    "attempts": (
        "attempts",
        *("attempts-admit", "attempts-refer", "attempts-refuse"),
        *("people-refused", "attempts-unlisted"),
    ),
    "checks": ("checks", "checks-chip-face", "checks-override", "checks-decision", "checks-manual"),
    "acts": (
        *("overrides", "decisions-admitted", "decisions-not-admitted"),
        *("manuals-admitted", "manuals-not-admitted"),
    ),
    "incidents": ("spot-checks", "incidents", "suspended"),
    "scans": ("scans",),
}
_SHOWN = tuple(name for name in WAYS if name not in _ONLY_IF_ANY)
_WEIGHTS = (7.0,) + (7.0,) * (len(_SHOWN) + len(_EVENTS))


def _short(station: str) -> str:
    """Return a station by its eight digits."""
    return clean(station.partition("/")[2].partition("/")[0] or station)


def _plain(facts: Mapping[str, str | int]) -> dict[str, str | int]:
    return {name: value for name, value in facts.items() if isinstance(value, (str, int))}


def _name(left: LeftOut) -> str:
    """Return what somebody finds it by: of a pack that proves nothing its file, whatever session it claims to be."""
    return clean(left.file if left.why == "pack" else left.session or left.file)
