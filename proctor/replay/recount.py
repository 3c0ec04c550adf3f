"""A second count of everything the sheets print, from the bodies of the log alone.

It knows nothing of the board, the progress or the page models: lists, sets and the rules of the domain, written again.
For a session that is closed and was not divided.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Body = Mapping[str, Any]
Counts = dict[str, int]

_OUT = {"suspended", "cancelled", "removed"}
_ROOM = {"wrong-room", "other-part"}
_LATE = {"too-late"}
_TWICE = {"already-admitted", "admitted-elsewhere"}
_BARRED = {"candidate-suspended"}


class Recount:
    """The counts of one session. `bodies`: its entries in order; `order`: its components, sequential or not.

    `licence_class`: that of all its candidates. `erased` rows, components passed before and rosters that name
    components are not known here.
    """

    def __init__(
        self, bodies: Sequence[Body], order: Sequence[str], *, sequential: bool, licence_class: str
    ) -> None:
        self._class = licence_class
        self._bodies = bodies
        self._order = tuple(order)
        self._sequential = sequential
        self._first = {component: _Component(bodies, component) for component in self._order}
        self._results = _results(bodies)
        self._codes = self._all_codes()

    @property
    def listed(self) -> int:
        """How many are on the list: as opened, and later additions."""
        opened = sum(body["candidates"] for body in self._bodies if body["kind"] == "open")
        added = sum(body["added"] for body in self._bodies if body["kind"] == "roster")
        return int(opened + added)

    def attendance(self, component: str) -> Counts:
        """Return what the attendance sheet of a component prints."""
        found = self._first[component]
        excused = {sbd for sbd in self._known() if self._away(sbd, component)} - found.known
        barred = found.kept_out - found.known
        counts = {
            "listed": self.listed,
            "present": len(found.let_in),
            "waiting": len(found.came - set(found.let_in)),
            "barred": len(barred),
            "excused": len(excused - barred),
            "erased": 0,
            "referred": found.count("referred"),
            "refused": found.refused,
            "decided": sum(how == "decision" for how in found.let_in.values()),
            "late": found.count("late"),
            "wrong-room": found.count("wrong-room"),
            "duplicate": found.count("duplicate") + len(found.twice),
            "suspended": len(found.kept_out | found.told_suspended),
            "unlisted": found.nobodys,
            "exceptions": found.exceptions,
        }
        groups = ("present", "waiting", "barred", "excused", "erased")
        counts["missing"] = counts["listed"] - sum(counts[name] for name in groups)
        return counts

    def exceptions(self) -> Counts:
        """Return what the table of exceptions prints."""
        kinds = ("override", "decision", "manual", "correction", "roster")
        meant = [body for body in self._bodies if body["kind"] in kinds]
        counts = {kind: sum(body["kind"] == kind for body in meant) for kind in kinds}
        weak = sum(body.get("second", {}).get("proof") == "password" for body in meant)
        return {"all-exceptions": len(meant), **counts, "weak": weak}

    def results(self) -> Counts:
        """Return what the results print."""
        counts: Counts = {"files": self.listed}
        spoken = self._known()
        sat = {sbd for component in self._order for sbd in spoken if self._state(sbd, component) in _SAT}
        counts["sat"] = len(sat)
        codes = Counter(self._codes.values())
        silent = self.listed - len(spoken)  # nobody ever entered a word about them: absent throughout
        counts |= {code: codes[code] for code in ("DA", "RO", "VA", "KH")}
        counts["VA"] += silent
        counts["pending"] = self.listed - sum(counts[code] for code in ("DA", "RO", "VA", "KH"))
        corrected = {
            (body["sbd"], body["component"]) for body in self._bodies if body["kind"] == "correction"
        }
        counts["corrections"] = len(corrected)
        for at, component in enumerate(self._order):
            states = Counter(self._state(sbd, component) for sbd in spoken)
            unspoken = silent if at == 0 or not self._sequential else 0
            counts |= {
                f"{component}:sat": sum(states[name] for name in _SAT),
                f"{component}:passed": states["passed"],
                f"{component}:failed": states["failed"],
                f"{component}:absent": states["absent"] + unspoken,
                f"{component}:incomplete": states["incomplete"],
                f"{component}:taken": states["taken"],
                f"{component}:blocked": states["blocked"] + silent - unspoken,
                f"{component}:pending": states["open"],
            }
        return counts

    def summary(self) -> Counts:
        """Return what the summary prints: the results of everybody, and the same again of the one class there is."""
        names = {"files", "sat", "pending", "DA", "RO", "VA", "KH"}
        names |= {f"{component}:{name}" for component in self._order for name in ("sat", "passed", "failed")}
        counts = {name: count for name, count in self.results().items() if name in names}
        counts |= {f"{self._class or '-'}:{name}": count for name, count in counts.items()}
        read = (body["checks"].get("chip-read", {}) for body in self._bodies if body["kind"] == "attempt")
        return {**counts, "scans": sum(check.get("outcome") == "passed" for check in read)}

    def seal(self) -> Counts:
        """Return what the seal of the session prints."""
        names = ("listed", "present", "waiting", "refused", "excused", "missing", "exceptions")
        counts: Counts = {}
        about: dict[str, str | None] = {}
        for body in self._bodies:
            if body["kind"] == "incident":
                about.setdefault(body.get("incident", str(body["seq"])), body.get("component"))
        for component in self._order:
            found = self._with_silent(component)
            counts |= {f"{component}:{name}": found[name] for name in names}
            counts[f"{component}:incidents"] = sum(each == component for each in about.values())
        whole = self.exceptions()
        counts |= {name: whole[name] for name in ("correction", "roster", "weak")}
        counts["unassigned"] = sum(each not in self._order for each in about.values())
        counts["entries"] = len(self._bodies)
        counts["prints"] = sum(body["kind"] == "print" for body in self._bodies)
        return counts

    def of(self, kind: str, component: str) -> Counts:
        """Return the counts of a kind of sheet; raises KeyError for one that has none here."""
        if kind == "attendance":
            return self._with_silent(component)
        if kind == "call-list":
            return {"called": self.listed - len(self._first[component].kept_out)}
        if kind == "self-test":
            tests = [body for body in self._bodies if body["kind"] == "self-test"]
            checks = tests[-1]["checks"].values()
            return {"checks": len(checks), "checks-good": sum(bool(check["ok"]) for check in checks)}
        counted = {
            "exceptions": self.exceptions,
            "results": self.results,
            "summary": self.summary,
            "seal": self.seal,
        }
        return counted[kind]()

    # -- how --------------------------------------------------------------------------------------

    def _with_silent(self, component: str) -> Counts:
        """Return the attendance of a component, those whom no entry names counted with the others."""
        counts = self.attendance(component)
        if self._sequential and self._order.index(component) > 0:
            silent = self.listed - len(
                self._known()
            )  # absent at the first component, so they may not come here
            counts["excused"] += silent
            counts["missing"] -= silent
        return counts

    def _known(self) -> set[str]:
        """Return every candidate whom some entry names by anything but the list."""
        kinds = {"attempt", "manual", "override", "decision", "result", "incident", "consent"}
        return {body["sbd"] for body in self._bodies if body["kind"] in kinds and "sbd" in body}

    def _result(self, sbd: str, component: str) -> str | None:
        """Return what a candidate has of a component, those who never came and may have come being absent."""
        if sbd in self._first[component].cancelled:
            return "failed"
        if (sbd, component) in self._results:
            return self._results[sbd, component]
        if sbd in self._first[component].let_in or self._stopped_by(sbd, component) is not None:
            return None
        return "absent"

    def _stopped_by(self, sbd: str, component: str) -> str | None:
        """Return the first earlier component that was not passed, or None."""
        if not self._sequential:
            return None
        earlier = self._order[: self._order.index(component)]
        return next((each for each in earlier if self._result(sbd, each) != "passed"), None)

    def _blocked(self, sbd: str, component: str) -> bool:
        """Whether a candidate may not take a component: an earlier one has a result, and that is not "passed"."""
        stop = self._stopped_by(sbd, component)
        if stop is None or self._result(sbd, component) is not None:
            return False
        return self._result(sbd, stop) is not None

    def _away(self, sbd: str, component: str) -> bool:
        """Whether nobody may expect a candidate at a component of a closed session: an earlier one was not passed."""
        return self._stopped_by(sbd, component) is not None and self._result(sbd, component) is None

    def _state(self, sbd: str, component: str) -> str:
        found = self._result(sbd, component)
        if found is not None:
            return found
        return "blocked" if self._blocked(sbd, component) else "open"

    def _all_codes(self) -> dict[str, str]:
        return {sbd: self._code([self._state(sbd, each) for each in self._order]) for sbd in self._known()}

    @staticmethod
    def _code(states: Iterable[str]) -> str:
        found = set(states)
        if "failed" in found:
            return "RO"
        if "open" in found:
            return ""
        if found <= {"absent", "blocked"}:
            return "VA"
        return "DA" if found == {"passed"} else "KH"


_SAT = ("passed", "failed", "taken", "incomplete")


def _results(bodies: Sequence[Body]) -> dict[tuple[str, str], str]:
    """Return the outcome of each result in force: as entered, or as last corrected."""
    found: dict[tuple[str, str], str] = {}
    for body in bodies:
        if body["kind"] == "result":
            found.setdefault((body["sbd"], body["component"]), body["outcome"])
        elif body["kind"] == "correction":
            found[body["sbd"], body["component"]] = body["values"]["outcome"]
    return found


class _Component:
    """One component: who came, who was let in and how, who is kept out."""

    def __init__(self, bodies: Sequence[Body], component: str) -> None:
        self.came: set[str] = set()
        self.let_in: dict[str, str] = {}
        self.twice: set[str] = set()
        self.nobodys = self.exceptions = 0
        self._last: dict[str, Body] = {}
        consequences: dict[tuple[str, str], str] = {}
        for body in bodies:
            if body.get("component", component) != component:
                continue
            if body["kind"] == "attempt":
                self._attempt(body)
            elif body["kind"] in {"override", "decision", "manual"}:
                self.exceptions += 1
                self._persons(body)
            elif body["kind"] == "incident" and "sbd" in body:
                consequences[body["sbd"], body["incident"]] = body["consequence"]
        self.kept_out = {sbd for (sbd, _), what in consequences.items() if what in _OUT}
        self.cancelled = {sbd for (sbd, _), what in consequences.items() if what == "cancelled"}

    @property
    def known(self) -> set[str]:
        """Who came, in whichever way."""
        return self.came | set(self.let_in)

    @property
    def refused(self) -> int:
        """Whom the machine refused, in the last attempt before anybody let them in."""
        return sum(body["verdict"] == "REFUSE" for body in self._last.values())

    @property
    def told_suspended(self) -> set[str]:
        """Who was sent away at the desk because of an incident."""
        return {sbd for sbd in self._not_in() if self._why(sbd) == "suspended"}

    def count(self, state: str) -> int:
        """Return how many who were not let in stand like this."""
        return sum(self._why(sbd) == state for sbd in self._not_in())

    def _not_in(self) -> set[str]:
        return self.came - set(self.let_in) - self.kept_out

    def _why(self, sbd: str) -> str:
        body = self._last.get(sbd)
        if body is None:
            return "referred"
        if body["verdict"] == "REFUSE":
            return "refused"
        for codes, state in (
            (_ROOM, "wrong-room"),
            (_LATE, "late"),
            (_TWICE, "duplicate"),
            (_BARRED, "suspended"),
        ):
            if codes & set(body["reasons"]):
                return state
        return "referred"

    def _attempt(self, body: Body) -> None:
        if "sbd" not in body:
            self.nobodys += 1
        elif body.get("purpose", "check-in") == "check-in":
            self._check_in(body["sbd"], body)

    def _check_in(self, sbd: str, body: Body) -> None:
        if sbd in self.let_in:
            self.twice.add(sbd)
            return
        self.came.add(sbd)
        self._last[sbd] = body
        if body["verdict"] == "ADMIT":
            self.let_in[sbd] = body["method"]

    def _persons(self, body: Body) -> None:
        said = body.get("verdict") or body.get("decided") or body.get("outcome")
        self.came.add(body["sbd"])
        if said in {"ADMIT", "admitted", "admitted-provisionally"}:
            self.let_in.setdefault(body["sbd"], body["kind"])
