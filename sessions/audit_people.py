"""The part of verification that asks who: operators and second persons are users that earlier entries name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sessions.events import STATION_ID, is_user
from sessions.finding import Findings

_REAL: Final = "proctor.real/"


class People:
    """Takes the bodies in order.

    A training log asks nobody who a second person is, and its operators only once it has a user at all.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._roles: dict[str, str] = {}

    def entry(self, seq: int, body: Mapping[str, Any]) -> None:
        """Take in the next entry; entries of schema 1 only name users."""
        if body["kind"] == "key" and body.get("event") == "user-added":
            self._added(body)
        if body["schema"] < 2:
            return
        real = body["origin"].startswith(_REAL)
        operator, second = body["operator"], body.get("second")
        if (real or self._roles) and operator["id"] != STATION_ID and not self._knows(operator):
            self._findings.add("log-altered-order", seq=seq, why="operator")
        if real and is_user(second) and not self._knows(second):
            self._findings.add("log-altered-order", seq=seq, why="second")

    def _added(self, body: Mapping[str, Any]) -> None:
        """Learn a user and the role; the first one is added by himself, every other by somebody known. An entry that is
        not so names nobody.
        """
        user, role, by = body.get("user"), body.get("role"), body["operator"]
        if type(user) is not str or type(role) is not str:
            return  # said by its type already
        if self._knows(by) if self._roles else by.get("id") == user:
            self._roles[user] = role

    def _knows(self, person: Any) -> bool:
        """Whether this is a user in the role that the log gave; of schema 1 it may be anything."""
        return is_user(person) and self._roles.get(person["id"]) == person["role"]
