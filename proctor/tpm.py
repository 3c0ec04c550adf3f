"""An optional counter in the machine's TPM: what it has counted further than the log knows, the log has forgotten.

An NV counter can only grow, whoever holds the disk. Each step is first entered in the log, then taken in the TPM, so
that a crash in between leaves the counter one behind, never ahead. Works through tpm2-tools; the TPM is named by
--tcti, or by TPM2TOOLS_TCTI as those tools have it.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from proctor.errors import CommandError
from sessions.checkpoint import station_of
from sessions.errors import SessionsError
from sessions.record import STATION, Operator
from sessions.store import Store

EVENT: Final = "tpm-counter"
_ATTRIBUTES: Final = "ownerread|ownerwrite|authread|authwrite|no_da|nt=counter"
_FIRST_INDEX: Final = 0x01800000
"""Start of the range for owners: TCG registry of reserved TPM handles, 2.2.3."""
_INDEX: Final = re.compile(r"0x01[89a-b][0-9a-f]{5}")
_DEADLINE_S: Final = 15.0

Code = Literal["tpm-none", "tpm-ok", "tpm-rolled-back", "tpm-behind", "tpm-unreadable"]
Run = Callable[[Sequence[str]], bytes]


class TpmError(SessionsError):
    """No tools, no TPM, or it refused; facts `step`."""

    code = "tpm-error"


class TpmIndexError(SessionsError):
    """An index that is none of an owner's: 0x01800000 to 0x01bfffff."""

    code = "tpm-index-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class TpmState:
    """How counter and log stand to each other. `value`: the counter's; `logged`: what the last entry says; -1: none.

    tpm-none: this log has no counter. tpm-rolled-back: the counter is ahead, so the log was put back. tpm-behind: the
    counter is another one, or its TPM was replaced. tpm-unreadable: there is one, and it cannot be asked.
    """

    code: Code
    index: str = ""
    value: int = -1
    logged: int = -1

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the log."""
        return self.code in {"tpm-none", "tpm-ok"}


class TpmCounter:
    """One NV counter of a TPM."""

    def __init__(self, index: str, *, tcti: str | None = None, run: Run | None = None) -> None:
        if not _INDEX.fullmatch(index):
            raise TpmIndexError(index=index[:16])
        self.index = index
        self._tcti = tcti
        self._run = run or _run

    def _call(self, tool: str, *arguments: str) -> bytes:
        chosen = () if self._tcti is None else ("-T", self._tcti)
        return self._run((tool, *chosen, *arguments))

    def define(self) -> None:
        """Make the counter where there is none yet. Raises TpmError."""
        try:
            self._call("tpm2_nvreadpublic", self.index)
        except TpmError:
            self._call("tpm2_nvdefine", "-C", "o", "-s", "8", "-a", _ATTRIBUTES, self.index)

    def increment(self) -> int:
        """Count one further and return the value. Raises TpmError."""
        self._call("tpm2_nvincrement", "-C", "o", self.index)
        return self.read()

    def read(self) -> int:
        """Return the value. Raises TpmError, also for a counter that was never incremented."""
        data = self._call("tpm2_nvread", "-C", "o", "-s", "8", self.index)
        if len(data) != 8:
            raise TpmError(step="tpm2_nvread")
        return int.from_bytes(data, "big")


def _run(command: Sequence[str]) -> bytes:
    """Run one of tpm2-tools and return its standard output. Raises TpmError."""
    program = shutil.which(command[0])
    if program is None:
        raise TpmError(step="no-tools")
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEADLINE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise TpmError(step=command[0]) from None
    if done.returncode != 0:
        raise TpmError(step=command[0])
    return done.stdout


def default_index(store: Store) -> str:
    """Return the index of this station's counter: an owner's, made of the station's digits."""
    digits = station_of(store.origin).rpartition("/")[2][:4]
    return f"0x{_FIRST_INDEX + int(digits, 16):08x}"


def logged_counter(store: Store) -> tuple[str, int] | None:
    """Return index and value of the log's last entry about a counter, or None.

    A new epoch ends a counter: two persons have said why the log is behind, and `init` begins anew.
    """
    found = [entry for entry in store.entries("key") if entry.body.get("event") == EVENT]
    if not found or any(entry.seq > found[-1].seq for entry in store.entries("epoch")):
        return None
    return str(found[-1].body["index"]), int(found[-1].body["value"])


def init(store: Store, counter: TpmCounter, *, operator: Operator) -> TpmState:
    """Make the counter, count once, and enter its value. Raises TpmError."""
    counter.define()
    value = counter.increment()
    store.append("key", {"event": EVENT, "index": counter.index, "value": value}, operator=operator)
    return TpmState(code="tpm-ok", index=counter.index, value=value, logged=value)


def check(store: Store, *, tcti: str | None = None, run: Run | None = None) -> TpmState:
    """Compare the counter with the log. A step that a crash left untaken is taken now."""
    logged = logged_counter(store)
    if logged is None:
        return TpmState(code="tpm-none")
    index, expected = logged
    try:
        counter = TpmCounter(index, tcti=tcti, run=run)
        value = counter.read()
        if value == expected - 1:
            value = counter.increment()
    except (TpmError, TpmIndexError):
        return TpmState(code="tpm-unreadable", index=index, logged=expected)
    code: Code = "tpm-ok" if value == expected else "tpm-rolled-back" if value > expected else "tpm-behind"
    return TpmState(code=code, index=index, value=value, logged=expected)


def take_up(store: Store, *, operator: Operator, tcti: str | None = None, run: Run | None = None) -> TpmState:
    """Enter the counter's value as it is, at the beginning of an epoch: from here on the two must agree again."""
    logged = logged_counter(store)
    if logged is None:
        return TpmState(code="tpm-none")
    try:
        value = TpmCounter(logged[0], tcti=tcti, run=run).read()
    except (TpmError, TpmIndexError):
        return TpmState(code="tpm-unreadable", index=logged[0], logged=logged[1])
    store.append("key", {"event": EVENT, "index": logged[0], "value": value}, operator=operator)
    return TpmState(code="tpm-ok", index=logged[0], value=value, logged=value)


def require_not_ahead(store: Store, *, tcti: str | None = None, run: Run | None = None) -> TpmState:
    """Return where the counter stands. Raises CommandError "tpm-rolled-back": the log was longer once."""
    state = check(store, tcti=tcti, run=run)
    if state.code == "tpm-rolled-back":
        raise CommandError(state.code, index=state.index, value=state.value, logged=state.logged)
    return state


def advance(
    store: Store, *, operator: Operator = STATION, tcti: str | None = None, run: Run | None = None
) -> TpmState:
    """Count one further: at each close of a session, or on demand. Only a counter that agrees with the log is moved."""
    state = check(store, tcti=tcti, run=run)
    if state.code != "tpm-ok":
        return state
    store.append("key", {"event": EVENT, "index": state.index, "value": state.value + 1}, operator=operator)
    return check(store, tcti=tcti, run=run)
