"""Whom the sheets name: the users of a station as the log knows them."""

import json

from sessions.errors import EvidenceMissingError
from sessions.reader import Entry, LogReader


def user_names(store: LogReader) -> dict[str, str]:
    """Return user id → the person's name as given when the user was added; who has none is not there.

    A name that was erased, or that says no more than the id, is none.
    """
    added = [entry for entry in store.entries("key") if entry.body.get("event") == "user-added"]
    named = {str(entry.body["user"]): _name(store, entry) for entry in added}
    return {user: name for user, name in named.items() if name and name != user}


def _name(store: LogReader, entry: Entry) -> str:
    try:
        said = json.loads(store.evidence(entry.seq, "identity"))
    except (EvidenceMissingError, ValueError):
        return ""
    name = said.get("name", "") if isinstance(said, dict) else ""
    return " ".join(name.split()) if isinstance(name, str) else ""
