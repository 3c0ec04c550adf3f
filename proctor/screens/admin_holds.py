"""The administration page's section about holds: what is in dispute is not erased."""

from collections.abc import Sequence
from typing import Final

from proctor.screens.admin import SECOND, Found, Order, Read, Row, Section, Setting, Wanted, by_two, read_of
from sessions.record import parse_utc
from sessions.session import list_sessions
from sessions.vietnam import VIETNAM

REASONS: Final = ("complaint", "inspection", "court", "dispute", "settled")
"""Codes that are offered; another may be typed."""


def _holds(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    texts = setting.texts
    rows = tuple(
        Row(
            key=f"{each['session']} {each['candidate'] or ''}",
            cells=(
                each["session"],
                each["candidate"] or texts["erase.all"],
                _reason(each["reason"], setting),
                parse_utc(each["at"]).astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y"),
                f"{each['by']}, {each['second']}",
            ),
            fills={"session": each["session"], "sbd": each["candidate"] or ""},
        )
        for each in data.get("holds", ())
    )
    if data and not rows:
        lines = (*lines, (texts["admin-page.holds.none"], "tick"))
    sessions = tuple(
        (each.session_id, f"{each.session_id} · {each.place}") for each in list_sessions(setting.opened.store)
    )
    reasons = tuple((reason, _reason(reason, setting)) for reason in REASONS)
    without = frozenset() if sessions else frozenset({"hold-place"})
    choices = {"sessions": sessions, "reasons": reasons}
    return Found(rows=rows, lines=lines, choices=choices, without=without)


def _reason(code: str, setting: Setting) -> str:
    return setting.texts.get(f"admin-page.hold.{code}") or code


def _place(order: Order) -> tuple[str, ...]:
    return ("hold", "place", *_of(order["session"], order.get("sbd", ""), order))


def _release(order: Order) -> tuple[str, ...]:
    session, _, sbd = order["row"].partition(" ")
    return ("hold", "release", *_of(session, sbd, order))


def _of(session: str, sbd: str, order: Order) -> tuple[str, ...]:
    who = (f"--candidate={sbd}",) if sbd else ()
    return (f"--session={session}", *who, f"--reason={order['why']}", f"--second={order[SECOND]}")


_WHY: Final = Wanted(name="why", kind="open-choice", source="reasons", help=True)
HOLDS: Final = Section(
    name="holds",
    reads=(("hold", "list"),),
    found=_holds,
    columns=("session", "sbd", "why", "since", "by"),
    wide="why",
    tasks=(
        by_two(
            "hold-place",
            _place,
            "erase",
            fields=(
                Wanted(name="session", kind="choice", source="sessions"),
                Wanted(name="sbd", needed=False, help=True),
                _WHY,
            ),
            ways=True,
        ),
        by_two(
            "hold-release",
            _release,
            "erase",
            row=True,
            fields=(_WHY,),
            ways=True,
        ),
    ),
)
