"""Candidate numbers as persons say them: "1" and "7" are 001 and 007 of the list."""

from __future__ import annotations

from collections.abc import Iterable

from sessions.session import Session


def same_sbd(sbd: str) -> str:
    """Return the form in which 1 and 001 are the same candidate number."""
    return str(int(sbd)) if sbd.isascii() and sbd.isdigit() else sbd.upper()


def written_sbd(sbds: Iterable[str], text: str) -> str | None:
    """Return the number as a list writes it: just so, else the one that it means; None where it means none, or two."""
    known, said = tuple(sbds), text.strip()
    if said in known:
        return said
    found = [sbd for sbd in known if same_sbd(sbd) == same_sbd(said)]
    return found[0] if len(found) == 1 else None


def own_sbd(session: Session, text: str) -> str:
    """Return a number as the session's list writes it; as it was given where the list has none such."""
    found = written_sbd((seat.sbd for seat in session.seats if not seat.erased), text)
    return text if found is None else found
