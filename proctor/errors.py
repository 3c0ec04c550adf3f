"""Errors that only the station as a whole can raise."""

from collections.abc import Mapping
from types import MappingProxyType

from readers.errors import ReaderError
from sessions.errors import SessionsError


class SimulatedReaderError(ReaderError):
    """A software card or a virtual reader in a real session: no genuine card can have been read."""

    code = "reader-not-physical"
    conclusive = True


class RosterPersonDiffersError(SessionsError):
    """The roster has another name or birth date beside this number; facts `name`, `birth`: "same" or "differs"."""

    code = "roster-person-differs"


class ChallengeTriesError(SessionsError):
    """Earlier attempts of this candidate failed checks for presentation attacks as often as tries are allowed: chance
    is not to be tried again and again. Facts: `failed`, `limit`."""

    code = "challenge-tries"


class AdmittedElsewhereError(SessionsError):
    """The same number was admitted to the same component on the same day in another session; facts `session`."""

    code = "admitted-elsewhere"


class CommandError(Exception):
    """A command cannot do its job. `code` has a text that says what to do; `facts` fill its places.

    `usage`: the call itself was wrong, exit status 2; else 1.
    """

    def __init__(self, code: str, *, usage: bool = False, **facts: str | int) -> None:
        self.code = code
        self.usage = usage
        self.facts: Mapping[str, str | int] = MappingProxyType(dict(facts))
        super().__init__(" ".join([code, *(f"{key}={value}" for key, value in facts.items())]))

    @classmethod
    def of(cls, code: str, facts: Mapping[str, str | int]) -> "CommandError":
        """Return the command error of a package's error."""
        error = cls(code)
        error.facts = MappingProxyType(dict(facts))
        return error
