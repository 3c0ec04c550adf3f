"""What the parts of a session say of everybody, and what of it does not fit: a `merge` entry names it.

Shared by what merges and by what verifies a merge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sessions.course.entries import is_foreign
from sessions.course.states import RECHECKS

TWICE: Final = "twice"
OTHER_PART: Final = "other-part"
MAX_NAMED: Final = 1_000
"""So many rows of each list stand in an entry; more are counted."""
_SENT_ON: Final = frozenset({"other-part", "wrong-room", "attempt-interrupted"})
"""Reasons after which nobody was checked at all."""
_OPENS: Final = "begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Double:
    """Somebody let in twice at a component, or at a station that was not theirs; `parts`: where."""

    sbd: str
    component: str
    why: str
    parts: tuple[int, ...]

    def as_body(self) -> dict[str, Any]:
        """Return the row of a `merge` entry."""
        return {"sbd": self.sbd, "component": self.component, "why": self.why, "parts": list(self.parts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What two stations say differently of somebody: `what` is verdict, result, added, other-part; `values` by part."""

    sbd: str
    component: str
    what: str
    parts: tuple[int, ...]
    values: tuple[str, ...]

    def as_body(self) -> dict[str, Any]:
        """Return the row of a `merge` entry."""
        named = {"sbd": self.sbd, "component": self.component, "what": self.what}
        return {**named, "parts": list(self.parts), "values": list(self.values)}


class Parts:
    """What every part says of everybody: (candidate, component) → part → what was said last."""

    def __init__(
        self,
        rows: Iterable[tuple[int, str, Mapping[str, Any]]],
        parts: Mapping[int, Iterable[str]],
        listed: frozenset[str],
    ) -> None:
        self._whose = {sbd: part for part, sbds in parts.items() for sbd in sbds}
        self._listed = listed
        self._admitted: dict[tuple[str, str], set[int]] = {}
        self._verdicts: dict[tuple[str, str], dict[int, str]] = {}
        self._results: dict[tuple[str, str], dict[int, str]] = {}
        self._added: dict[str, set[int]] = {}
        self._foreign: dict[tuple[str, str, str], dict[int, str]] = {}
        self._own: dict[tuple[str, str, str], dict[int, str]] = {}
        components: dict[str, str] = {}
        for part, kind, body in rows:
            if kind == "attempt":
                components[body["attempt"]] = body["component"]
            if kind == "roster":
                for sbd in body.get("sbds", ()):
                    self._added.setdefault(str(sbd), set()).add(part)
            sbd, component = body.get("sbd"), body.get("component", components.get(str(body.get("of")), ""))
            self._place(part, kind, body, (str(sbd or ""), str(component), kind))
            if type(sbd) is str:
                self._take(part, kind, body, (sbd, str(component)))

    def _place(self, part: int, kind: str, body: Mapping[str, Any], subject: tuple[str, str, str]) -> None:
        """Note where an entry stands: the last one of its kind about somebody, or one not the part's to make."""
        said = f"{kind} {body['seq']}"
        if not is_foreign(self._whose, part, body):
            self._own.setdefault(subject, {})[part] = said
        elif kind != _OPENS and not _sent_on(kind, body):
            earlier = self._foreign.setdefault(subject, {})
            earlier[part] = f"{earlier[part]}, {said}" if part in earlier else said

    def _take(self, part: int, kind: str, body: Mapping[str, Any], key: tuple[str, str]) -> None:
        if kind == "result":
            points = body.get("points_e2", body.get("points_e1", ""))
            said = f"{body['outcome']} {points}".strip()
            self._results.setdefault(key, {})[part] = said
            return
        if kind == "attempt":
            if body.get("purpose", "check-in") in RECHECKS or _sent_on(kind, body):
                return
            earlier = self._verdicts.setdefault(key, {})
            if earlier.get(part) != "ADMIT":
                earlier[part] = body["verdict"]
        if _lets_in(kind, body):
            self._admitted.setdefault(key, set()).add(part)

    def doubles(self) -> list[Double]:
        """Return who was let in at two stations, and who at a station that was not theirs."""
        found = []
        for (sbd, component), parts in sorted(self._admitted.items()):
            if len(parts) > 1:
                found.append(Double(sbd=sbd, component=component, why=TWICE, parts=tuple(sorted(parts))))
            found += [
                Double(sbd=sbd, component=component, why=OTHER_PART, parts=(part,))
                for part in sorted(parts)
                if self._whose.get(sbd, part) != part
            ]
        return found

    def conflicts(self) -> list[Conflict]:
        """Return who has different verdicts or results, and who was added to a list elsewhere only."""
        found = []
        for what, table in (("verdict", self._verdicts), ("result", self._results)):
            for (sbd, component), said in sorted(table.items()):
                if len(set(said.values())) > 1:
                    parts = tuple(sorted(said))
                    values = tuple(said[part] for part in parts)
                    found.append(
                        Conflict(sbd=sbd, component=component, what=what, parts=parts, values=values)
                    )
        found += [
            row for subject, said in sorted(self._foreign.items()) for row in self._others(subject, said)
        ]
        for sbd, added in sorted(self._added.items()):
            if len(added) > 1 or sbd not in self._listed:
                found.append(
                    Conflict(sbd=sbd, component="", what="added", parts=tuple(sorted(added)), values=())
                )
        return found

    def _others(self, subject: tuple[str, str, str], said: Mapping[int, str]) -> Iterable[Conflict]:
        """Yield what a part wrote of another's candidate, with the newest such entry of whose it is."""
        sbd, component, _ = subject
        whose = self._whose.get(sbd, 1)
        own = self._own.get(subject, {}).get(whose, "")
        for part, entries in sorted(said.items()):
            values = tuple(text for _, text in sorted({whose: own, part: entries}.items()))
            parts = tuple(sorted({whose, part}))
            yield Conflict(sbd=sbd, component=component, what=OTHER_PART, parts=parts, values=values)


def _sent_on(kind: str, body: Mapping[str, Any]) -> bool:
    """Whether an attempt checked nobody and let nobody in: a desk sent somebody to theirs, or a crash ended it."""
    if kind != "attempt" or body["verdict"] == "ADMIT":
        return False
    return not _SENT_ON.isdisjoint(map(str, body["reasons"]))


def _lets_in(kind: str, body: Mapping[str, Any]) -> bool:
    """Whether an entry lets somebody in: a machine's verdict, or a person's."""
    if kind in {"attempt", "override"}:
        return bool(body["verdict"] == "ADMIT")
    if kind == "manual":
        return str(body["outcome"]).startswith("admitted")
    return kind == "decision" and bool(body["decided"] == "admitted")
