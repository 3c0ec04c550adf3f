"""Who may log in at this station, known from names alone: nothing that takes a moment to load is loaded for it."""

from proctor.config import Places
from proctor.errors import CommandError
from sessions.errors import (
    KeysDamagedError,
    KeysMissingError,
    RootDamagedError,
    RootKindError,
    RootMissingError,
)
from sessions.mark import (
    KEY_SETTINGS,
    ROOT_MARK,
    has_begun,
    keys_of,
    read_key_settings,
    read_mark,
    slot_ids,
    slots_of,
)


def users_of(places: Places) -> tuple[str, ...]:
    """Return the ids of those who can log in at the real root.

    Raises CommandError "no-station" where none was made to its end, RootKindError, RootDamagedError, KeysDamagedError:
    a station that lost one of its files is no machine without a station.
    """
    root, begun = places.real, has_begun(places.real)
    try:
        kind = read_mark(root)[0]
        generation = read_key_settings(keys_of(root))[1]
    except RootMissingError:
        if begun:
            raise RootDamagedError(file=ROOT_MARK) from None
        raise CommandError("no-station", root=str(root)) from None
    except KeysMissingError:
        if begun:
            raise KeysDamagedError(file=KEY_SETTINGS) from None
        raise CommandError("no-station", root=str(root)) from None
    if kind != "real":
        raise RootKindError(found=kind, wanted="real")
    if not begun:
        raise CommandError("no-station", root=str(root))
    return slot_ids(slots_of(keys_of(root), generation))
