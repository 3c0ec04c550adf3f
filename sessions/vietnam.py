"""Vietnam's time: one zone all year, whatever the machine is set to."""

from datetime import date, datetime, timedelta, timezone
from typing import Final

VIETNAM: Final = timezone(timedelta(hours=7))


def today() -> date:
    """Return the day in Vietnam."""
    return datetime.now(VIETNAM).date()
