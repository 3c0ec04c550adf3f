"""Who may log in at this station, known from names alone: nothing that takes a moment to load is loaded for it."""

from proctor.config import Places
from proctor.errors import CommandError
from sessions.errors import KeysMissingError, RootKindError, RootMissingError
from sessions.mark import keys_of, read_key_settings, read_mark, slot_ids, slots_of


def users_of(places: Places) -> tuple[str, ...]:
    """Return the ids of those who can log in at the real root.

    Raises CommandError "no-station", RootKindError, RootDamagedError, KeysDamagedError.
    """
    keys = keys_of(places.real)
    try:
        kind = read_mark(places.real)[0]
        generation = read_key_settings(keys)[1]
    except (RootMissingError, KeysMissingError):
        raise CommandError("no-station", root=str(places.real)) from None
    if kind != "real":
        raise RootKindError(found=kind, wanted="real")
    return slot_ids(slots_of(keys, generation))
