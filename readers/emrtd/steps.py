"""What a read was made of: each step with its outcome, its time and what crossed the reader meanwhile."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, Protocol

from readers.errors import ReaderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

StepOutcome = Literal["passed", "failed", "indeterminate", "not-performed"]
ORDER: Final = (
    "card-access",
    "pace",
    "bac",
    "card-security",
    "select",
    "COM",
    "SOD",
    "DG14",
    "DG15",
    "cam",
    "ca",
    "aa",
    "DG1",
    "DG2",
    "DG13",
    "DG11",
    "DG12",
)
RESUME: Final = "resume"
NOT_REACHED: Final = "not-reached"
_ACCESS: Final = {"pace": "bac", "bac": "pace"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a read. `code`: why it is not "passed", else empty. `octets`: sent and received, protection
    included; a step within another (a resumed read within that of DG2) counts for itself only."""

    name: str
    outcome: StepOutcome
    code: str = ""
    duration_ms: int = 0
    octets: int = 0
    apdus: int = 0


class Counted(Protocol):
    """Where the steps read off what crossed."""

    apdus: int
    octets: int


class OpenStep:
    """A step that is going on; it passes unless it is skipped or an error ends it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.outcome: StepOutcome = "passed"
        self.code = ""
        self.inner = (0.0, 0, 0)

    def skip(self, code: str) -> None:
        """Say that it was not performed, and why."""
        self.outcome, self.code = "not-performed", code

    def end_by(self, error: ReaderError) -> None:
        """Say that this error ended it."""
        self.outcome, self.code = "failed" if error.conclusive else "indeterminate", error.code


class StepLog:
    """Collects the steps of one read; a step done again adds to the first and its outcome is the last, but each
    resume stands for itself."""

    def __init__(self, counted: Counted, monotonic: Callable[[], float]) -> None:
        self._counted = counted
        self._monotonic = monotonic
        self._open: list[OpenStep] = []
        self._done: dict[str, Step] = {}
        self._resumes: list[Step] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step in order, those that were not reached included, and each resume at the end."""
        used = "bac" if "bac" in self._done and "pace" not in self._done else "pace"
        rows = (
            self._done.get(name) or Step(name=name, outcome="not-performed", code=NOT_REACHED)
            for name in ORDER
            if name in self._done or name != _ACCESS[used]
        )
        return (*rows, *self._resumes)

    @contextmanager
    def step(self, name: str) -> Iterator[OpenStep]:
        """Time what is done inside. What goes on inside a resume belongs to the resume."""
        opened = OpenStep(name)
        if any(outer.name == RESUME for outer in self._open):
            yield opened
            return
        begun = self._mark()
        self._open.append(opened)
        try:
            yield opened
        except ReaderError as error:
            opened.end_by(error)
            raise
        except BaseException:
            opened.outcome, opened.code = "indeterminate", "interrupted"
            raise
        finally:
            self._open.pop()
            self._close(opened, begun)

    def skip(self, name: str, code: str) -> None:
        """Note a step that is not performed, and why."""
        self._done[name] = Step(name=name, outcome="not-performed", code=code)

    def _mark(self) -> tuple[float, int, int]:
        return self._monotonic(), self._counted.octets, self._counted.apdus

    def _close(self, opened: OpenStep, begun: tuple[float, int, int]) -> None:
        ended = self._mark()
        seconds, octets, apdus = (after - before for after, before in zip(ended, begun, strict=True))
        if self._open:
            outer = self._open[-1]
            outer.inner = (
                outer.inner[0] + seconds,
                outer.inner[1] + int(octets),
                outer.inner[2] + int(apdus),
            )
        step = Step(
            name=opened.name,
            outcome=opened.outcome,
            code=opened.code,
            duration_ms=max(0, round(1000 * (seconds - opened.inner[0]))),
            octets=int(octets) - opened.inner[1],
            apdus=int(apdus) - opened.inner[2],
        )
        if step.name == RESUME:
            self._resumes.append(step)
        else:
            self._done[step.name] = _sum(self._done.get(step.name), step)


def _sum(before: Step | None, after: Step) -> Step:
    if before is None:
        return after
    return replace(
        after,
        duration_ms=before.duration_ms + after.duration_ms,
        octets=before.octets + after.octets,
        apdus=before.apdus + after.apdus,
    )
