"""Errors that only the station as a whole can raise."""

from typing import ClassVar

from readers.errors import ReaderError


class SimulatedReaderError(ReaderError):
    """A software card or a virtual reader in a real session: no genuine card can have been read."""

    code = "reader-not-physical"
    conclusive = True


class CommandError(Exception):
    """A command cannot do its job; `code` has a text that says what to do. Exit status 1, or 2 for wrong usage."""

    code: ClassVar[str] = "command-failed"
    exit_status: ClassVar[int] = 1

    def __init__(self, code: str, *, usage: bool = False, **facts: str | int) -> None:
        self.facts = dict(facts)
        self.name = code
        self.usage = usage
        super().__init__(" ".join([code, *(f"{key}={value}" for key, value in facts.items())]))
