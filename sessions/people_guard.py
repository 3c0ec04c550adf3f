"""Wrong passwords make the next try wait, longer each time; and a six-digit code is taken once.

Nothing can be entered in the log before somebody opened it, so what happened is counted in two small files, one in the
data root and one in the folder outside that remembers the log. It becomes an entry at the next opening. Both files are
open to whoever may write there: this hinders guessing at the keyboard. Against somebody with the disk only the
password's own strength counts. That one of the two files was removed while it counted against somebody is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sessions.events import USER_ID
from sessions.files import make_private_dir, write_private
from sessions.people_errors import LoginLockedError
from sessions.people_totp import NEVER
from sessions.record import format_utc, parse_utc

FORM: Final = "proctor logins 1"
FREE_TRIES: Final = 5
"""Wrong passwords in a row that cost nothing; from this one on the next try waits, and it is entered in the log."""
FIRST_WAIT_S: Final = 30
LONGEST_WAIT_S: Final = 900
_MAX_BYTES: Final = 262_144
_MAX_COUNT: Final = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """One user's: wrong passwords in a row, when the first and the last was (UTC), how many are not in the log yet, and
    the step of the last six-digit code.
    """

    count: int = 0
    since: str = ""
    last: str = ""
    owed: int = 0
    step: int = NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What is to be entered about a user: how many wrong passwords, since when, and whether a file that counted them
    was removed.
    """

    user: str
    count: int
    since: str
    lost: bool


def wait_after(count: int) -> int:
    """Return how many seconds the next try waits after so many wrong passwords in a row."""
    if count < FREE_TRIES:
        return 0
    return int(min(FIRST_WAIT_S * 2 ** min(count - FREE_TRIES, 16), LONGEST_WAIT_S))


class LoginGuard:
    """Counts at `places`, files that say the same; the first is the data root's own."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = tuple(places)

    def require(self, user: str, now: datetime) -> None:
        """Raise LoginLockedError while a user has to wait. A clock that was put back does not shorten it."""
        tries = self._read()[0].get(user, Tries())
        wait = wait_after(tries.count)
        if not wait:
            return
        last = parse_utc(tries.last)
        if now < last:
            self._change(user, replace(tries, last=format_utc(now)))
            last = now
        left = (last + timedelta(seconds=wait) - now).total_seconds()
        if left > 0:
            raise LoginLockedError(user=user, seconds=int(left) + 1, count=tries.count)

    def failed(self, user: str, now: datetime) -> None:
        """Count a wrong password."""
        tries = self._read()[0].get(user, Tries())
        at, count = format_utc(now), min(tries.count + 1, _MAX_COUNT)
        owed = count if count >= FREE_TRIES else tries.owed
        self._change(user, replace(tries, count=count, since=tries.since or at, last=at, owed=owed))

    def passed(self, user: str, step: int | None = None) -> None:
        """Forget the wrong passwords of somebody who knew the right one; `step`: of the code that was given."""
        tries = self._read()[0].get(user)
        if tries is None and step is None:
            return
        known = tries or Tries()
        if known.count or step is not None:
            since = known.since if known.owed else ""
            new = known.step if step is None else max(step, known.step)
            self._change(user, replace(known, count=0, since=since, last="", step=new))

    def step_of(self, user: str) -> int:
        """Return the step of the last code that a user gave."""
        return self._read()[0].get(user, Tries()).step

    def owed(self) -> tuple[Refused, ...]:
        """Return what is not in the log yet."""
        users, lost = self._read()
        return tuple(
            Refused(user=user, count=tries.owed, since=tries.since, lost=lost)
            for user, tries in sorted(users.items())
            if tries.owed or (lost and tries.count)
        )

    def entered(self) -> None:
        """Forget what is in the log now; both files say the same again."""
        users = {
            user: replace(tries, owed=0, since=tries.since if tries.count else "")
            for user, tries in self._read()[0].items()
        }
        self._write(users)

    def clear(self, user: str) -> None:
        """Let a user try again at once."""
        self._change(user, replace(self._read()[0].get(user, Tries()), count=0, since="", last="", owed=0))

    def counts(self) -> dict[str, int]:
        """Return the wrong passwords in a row, by user."""
        return {user: tries.count for user, tries in self._read()[0].items() if tries.count}

    # -- files ------------------------------------------------------------------------------------

    def _change(self, user: str, tries: Tries) -> None:
        self._write({**self._read()[0], user: tries})

    def _read(self) -> tuple[dict[str, Tries], bool]:
        """Return the worse of what the files say, and whether one of them is gone that counted."""
        found = [_parse(path) for path in self._places]
        there = [users for users in found if users is not None]
        users: dict[str, Tries] = {}
        for each in there:
            for user, tries in each.items():
                known = users.get(user)
                users[user] = tries if known is None else _worse(known, tries)
        counted = any(tries.count or tries.owed for tries in users.values())
        return users, counted and len(there) < len(found)

    def _write(self, users: dict[str, Tries]) -> None:
        """Write both files; a disk that takes nothing now takes no log entry either."""
        rows = {user: asdict(tries) for user, tries in sorted(users.items())}
        data = json.dumps({"form": FORM, "users": rows}, indent=1).encode() + b"\n"
        for path in self._places:
            with suppress(OSError):
                make_private_dir(path.parent)
                write_private(path, data)


def _worse(one: Tries, other: Tries) -> Tries:
    more = max(one, other, key=lambda tries: (tries.count, tries.owed, tries.last))
    return replace(more, step=max(one.step, other.step), owed=max(one.owed, other.owed))


def _parse(path: Path) -> dict[str, Tries] | None:
    """Return the users of a file; None for one that is absent, or no such file."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        document = json.loads(path.read_bytes())
        if document["form"] != FORM:
            return None
        return dict(_rows(document["users"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _rows(users: dict[str, Any]) -> Iterator[tuple[str, Tries]]:
    for user, row in users.items():
        tries = Tries(**row)
        numbers = (tries.count, tries.owed, tries.step)
        if not USER_ID.fullmatch(user) or any(type(number) is not int for number in numbers):
            raise ValueError("row")
        for at in (tries.since, tries.last):
            if at:
                parse_utc(at)
        if tries.count and not (tries.last and tries.since):
            raise ValueError("times")
        yield user, tries
