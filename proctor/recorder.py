"""Errors become outcomes here, and nowhere else."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from types import MappingProxyType
from typing import Protocol, TypeVar, overload, runtime_checkable

from biometrics.errors import BiometricsError
from proctor.checks import CheckName
from readers.errors import ReaderError
from sessions.errors import SessionsError
from sessions.record import Check, Outcome

diagnostics = logging.getLogger("proctor")

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
R = TypeVar("R")

Facts = Mapping[str, str | int]

OK = "ok"
NOT_REACHED = "not-reached"  # something this check needs was not proven
NOT_AVAILABLE = "not-available"  # this station has no such check
INTERNAL_ERROR = "internal-error"
INTERRUPTED = "interrupted"


@runtime_checkable
class HasFacts(Protocol):
    """Evidence that says of itself what may stand in the log: no name, number, image or key."""

    @property
    def facts(self) -> Facts: ...


@runtime_checkable
class SaysNothingProven(Protocol):
    """A result that lets the pipeline go on although the check itself proved nothing (a chip without AA and CA)."""

    @property
    def not_performed_code(self) -> str | None: ...


class Recorder:
    """Runs the checks of one attempt and keeps a row for each.

    A check whose input is missing is NOT_PERFORMED. A domain error is FAILED when it is evidence against the papers or
    the face (`conclusive`), else INDETERMINATE. Any other exception is a bug: its check is INDETERMINATE with
    `internal-error`, and the rest of the attempt is not performed.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float] = monotonic,
        on_check: Callable[[CheckName, Check], None] | None = None,
    ) -> None:
        self._now = now
        self._clock = clock
        self._on_check = on_check
        self._ended: str | None = None
        self._checks: dict[CheckName, Check] = {}

    @property
    def checks(self) -> Mapping[CheckName, Check]:
        """Every name of `CheckName`, in its order; those never run are NOT_PERFORMED."""
        missing = self._row(Outcome.NOT_PERFORMED, self._ended or NOT_REACHED)
        return MappingProxyType({name: self._checks.get(name, missing) for name in CheckName})

    def end(self, code: str) -> None:
        """End the attempt: every further check is NOT_PERFORMED with `code`."""
        self._ended = code

    @overload
    def run(self, name: CheckName, call: Callable[[], R] | None, /) -> R | None: ...
    @overload
    def run(self, name: CheckName, call: Callable[[A], R] | None, a: A | None, /) -> R | None: ...
    @overload
    def run(
        self, name: CheckName, call: Callable[[A, B], R] | None, a: A | None, b: B | None, /
    ) -> R | None: ...
    @overload
    def run(
        self, name: CheckName, call: Callable[[A, B, C], R] | None, a: A | None, b: B | None, c: C | None, /
    ) -> R | None: ...
    def run(self, name: CheckName, call: Callable[..., R] | None, /, *inputs: object) -> R | None:
        """Run one check and keep its row; return what it proved, or None."""
        if self._ended is not None:
            self._keep(name, self._row(Outcome.NOT_PERFORMED, self._ended))
            return None
        if call is None:
            self._keep(name, self._row(Outcome.NOT_PERFORMED, NOT_AVAILABLE))
            return None
        if any(value is None for value in inputs):
            self._keep(name, self._row(Outcome.NOT_PERFORMED, NOT_REACHED))
            return None
        started_at, started = self._now(), self._clock()
        result: R | None = None
        try:
            result = call(*inputs)
            outcome, code, facts = _outcome_of(result)
        except (ReaderError, BiometricsError, SessionsError) as error:
            outcome = Outcome.FAILED if error.conclusive else Outcome.INDETERMINATE
            code, facts = error.code, error.facts
        except KeyboardInterrupt:
            self.end(INTERRUPTED)
            outcome, code, facts = Outcome.INDETERMINATE, INTERRUPTED, {}
        except Exception as error:  # noqa: BLE001 - a bug ends the attempt, and the attempt is logged with what it had
            self.end(INTERNAL_ERROR)
            place = place_of(error)
            diagnostics.error("check %s ended by %s at %s", name, type(error).__name__, place)
            outcome, code = Outcome.INDETERMINATE, INTERNAL_ERROR
            facts = {"error": type(error).__name__, "place": place}
        duration_ms = round((self._clock() - started) * 1000)
        self._keep(
            name,
            Check(
                outcome=outcome,
                code=code,
                started_at=started_at,
                duration_ms=duration_ms,
                facts=MappingProxyType(dict(facts)),
            ),
        )
        return result

    def _row(self, outcome: Outcome, code: str) -> Check:
        return Check(
            outcome=outcome, code=code, started_at=self._now(), duration_ms=0, facts=MappingProxyType({})
        )

    def _keep(self, name: CheckName, check: Check) -> None:
        self._checks[name] = check
        if self._on_check is not None:
            self._on_check(name, check)


def _outcome_of(result: object) -> tuple[Outcome, str, Facts]:
    facts: Facts = result.facts if isinstance(result, HasFacts) else {}
    if isinstance(result, SaysNothingProven) and result.not_performed_code is not None:
        return Outcome.NOT_PERFORMED, result.not_performed_code, facts
    return Outcome.PASSED, OK, facts


def place_of(error: BaseException) -> str:
    """Where a bug happened, as file:line: an exception's text might hold a name or a number, its place cannot."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    file = trace.tb_frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{file}:{trace.tb_lineno}"
