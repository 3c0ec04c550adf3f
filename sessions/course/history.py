"""What a session's entries say of one candidate, in order: for whoever has to explain what happened. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sessions.course.calls import CALLED
from sessions.course.entries import SessionEntry

_LISTS: Final = {"component": "called", "draw": "drawn", "roster": "sbds"}
"""Kinds that name candidates in a list."""
_OF: Final = ("decision", "override")


def history_of(entries: Sequence[SessionEntry], sbd: str, component: str) -> tuple[SessionEntry, ...]:
    """Return the entries that speak of a candidate, at one component or at none in particular.

    Among them are the calls and draws that name the candidate, and an attempt that names nobody where two persons said
    that it was this one's. The beginning of an attempt that ended says nothing of its own.
    """
    theirs = {str(each.body["of"]) for each in entries if each.kind in _OF and each.body["sbd"] == sbd}
    ended = {str(each.body["attempt"]) for each in entries if each.kind == "attempt"}
    return tuple(
        each
        for each in entries
        if _speaks_of(each, sbd, theirs)
        and each.body.get("component", component) == component
        and not (each.kind == "begin" and each.body["attempt"] in ended)
    )


def _speaks_of(entry: SessionEntry, sbd: str, theirs: set[str]) -> bool:
    body = entry.body
    if entry.kind in _LISTS:
        called = entry.kind != "component" or body["event"] == CALLED
        return called and sbd in body.get(_LISTS[entry.kind], ())
    if entry.kind == "attempt" and "sbd" not in body:
        return body["attempt"] in theirs
    return bool(body.get("sbd") == sbd)
