"""What a crash leaves: a file that says where the program failed, and nothing of anybody's data.

An exception's text, a variable, a path of this machine may hold a name or a number. So the file holds kinds of errors,
places in the program (file, line, function), codes and counts: nothing that was typed, read or seen.
"""

import faulthandler
import json
import os
import platform
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath
from types import FrameType, TracebackType
from typing import Any, Final

from proctor import __version__

FOLDER: Final = "diagnostics"
MOST_FILES: Final = 50
MOST_FRAMES: Final = 40
MOST_CAUSES: Final = 8
MOST_THREADS: Final = 32
TRAIL: Final = 60
_CODE: Final = re.compile(r"[a-z][a-z0-9]*([.:_-][a-z0-9]+)*")
_LONG: Final = 48
FAULT: Final = "fault.raw"
MOST_FAULT: Final = 200_000
MOST_TOLD: Final = 10
MOST_FAULT_FRAMES: Final = 200
_FAULT: Final = re.compile(r'File "([^"\n]+)", line (\d+) in (\S+)')
_NAME: Final = re.compile(r"[A-Za-z_<][A-Za-z0-9_<>.]*")
_WHEN: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_DIGITS: Final = re.compile(r"\d{4,}")


class Trail:
    """The last things that happened, by their codes: pages, devices, phases. Anything but a code is left out."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._steps: deque[tuple[str, str]] = deque(maxlen=TRAIL)

    def note(self, code: str) -> None:
        """Keep a code: small letters, digits, signs between; at most 48 characters, no long number."""
        if len(code) <= _LONG and _CODE.fullmatch(code) and not _DIGITS.search(code):
            self._steps.append((_stamp(self._clock()), code))

    def steps(self) -> tuple[tuple[str, str], ...]:
        """Return what was kept, oldest first, each with its time (UTC)."""
        return tuple(self._steps)


def write_report(
    folder: Path, error: BaseException, *, where: str, trail: Trail, now: datetime | None = None
) -> Path:
    """Write what is known of a crash into a new file of `folder`, for its owner alone, and return it.

    `where`: which part failed, a code. Keeps the newest 50 files. Raises OSError.
    """
    at = now or datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    report = {
        "version": 1,
        "at": _stamp(at),
        "program": __version__,
        "where": where if _CODE.fullmatch(where) else "unknown",
        "system": _system(),
        "errors": list(_errors(error)),
        "trail": [{"at": when, "code": code} for when, code in trail.steps()],
        "threads": list(_threads()),
    }
    return _write(folder, report, at)


def _write(folder: Path, report: dict[str, Any], at: datetime, kind: str = "crash") -> Path:
    path = _new_file(folder, at, kind)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
        file.write("\n")
    _forget_oldest(folder, kind)
    return path


class FaultWatch:
    """Keeps a file open that the interpreter writes the places of all threads into when the process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        faulthandler.enable(self._file, all_threads=True)

    def close(self) -> None:
        """The process ends as it should: nothing is kept."""
        faulthandler.disable()
        os.close(self._file)
        with suppress(OSError):
            self._path.unlink()


def watch_faults(folder: Path) -> FaultWatch:
    """Have the places of a sudden death written down. Raises OSError."""
    return FaultWatch(folder / FAULT)


def take_fault(folder: Path, *, status: int, now: datetime | None = None) -> Path | None:
    """Make a report of what a process that died left, and return it; None where the disk takes nothing.

    `status`: its exit status, below zero the signal. Places keep two parts of their path, nothing else is kept.
    """
    at = now or datetime.now(UTC)
    raw = folder / FAULT
    try:
        text = raw.read_text(encoding="utf-8", errors="replace")[:MOST_FAULT]
    except OSError:
        text = ""
    places = [f"{place_in_program(file)}:{line} {_name(name)}" for file, line, name in _FAULT.findall(text)]
    report = {
        "version": 1,
        "at": _stamp(at),
        "program": __version__,
        "where": "process",
        "system": _system(),
        "status": status,
        "threads": [{"name": "all", "frames": places[:MOST_FAULT_FRAMES]}],
    }
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = _write(folder, report, at)
        raw.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def write_state(
    folder: Path,
    *,
    items: Iterable[tuple[str, bool, bool]],
    figures: Mapping[str, int],
    now: datetime | None = None,
) -> Path:
    """Write how the station stands into a new file of `folder`, for its owner alone, and return it.

    `items`: of `proctor doctor`: name, whether it is in order, whether it is needed; `figures`: counts by name. The
    newest crashes are told by their places alone. What is no code is left out. Raises OSError.
    """
    at = now or datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    report = {
        "version": 1,
        "at": _stamp(at),
        "program": __version__,
        "where": "state",
        "system": _system(),
        "items": [
            {"name": name, "ok": ok, "needed": needed} for name, ok, needed in items if _CODE.fullmatch(name)
        ],
        "figures": {name: int(count) for name, count in figures.items() if _NAME.fullmatch(name)},
        "crashes": [_crash(path) for path in _newest(folder, "crash-*.json")[:MOST_TOLD]],
    }
    return _write(folder, report, at, kind="state")


def reports_in(folder: Path) -> tuple[Path, ...]:
    """Return the diagnostics files of a folder, the newest first."""
    return _newest(folder, "crash-*.json", "state-*.json")


def _newest(folder: Path, *patterns: str) -> tuple[Path, ...]:
    found = {path for pattern in patterns for path in folder.glob(pattern)}
    return tuple(sorted(found, key=lambda path: (path.stat().st_mtime, path.name), reverse=True))


def _crash(path: Path) -> dict[str, Any]:
    """Return a crash's time, place and kinds of errors, as far as they are codes and names."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")[:MOST_FAULT])
        kinds = [_name(str(each.get("kind", ""))) for each in found.get("errors", ())]
        where, at = str(found.get("where", "")), str(found.get("at", ""))
    except (OSError, ValueError, AttributeError, TypeError):
        kinds, where, at = [], "", ""
    return {
        "at": at if _WHEN.fullmatch(at) else "",
        "where": where if _CODE.fullmatch(where) else "unknown",
        "kinds": kinds[:MOST_CAUSES],
    }


def place_in_program(file: str) -> str:
    """Return the last two parts of a source file's path: where a program lies on a machine may name its user."""
    parts = PurePath(file.replace("\\", "/")).parts[-2:]
    return "/".join(parts)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _system() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
    }


def _errors(error: BaseException) -> Iterator[dict[str, Any]]:
    """Each error of the chain by kind and places: its text is never read."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen and len(seen) < MOST_CAUSES:
        seen.add(id(at))
        code = getattr(at, "code", None)
        found: dict[str, Any] = {"kind": _name(type(at).__name__), "frames": list(_frames(at.__traceback__))}
        if isinstance(code, str) and _CODE.fullmatch(code):
            found["code"] = code
        yield found
        at = at.__cause__ or at.__context__


def _frames(trace: TracebackType | None) -> Iterator[str]:
    places: deque[str] = deque(maxlen=MOST_FRAMES)
    while trace is not None:
        places.append(_place(trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    yield from places


def _threads() -> Iterator[dict[str, Any]]:
    """Where every thread stood. Names of threads are the program's own, kept as far as they are codes."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in list(sys._current_frames().items())[:MOST_THREADS]:
        name = names.get(ident, "")
        yield {"name": name if _CODE.fullmatch(name.lower()) else "thread", "frames": list(_stack(frame))}


def _stack(frame: FrameType | None) -> Iterator[str]:
    for _ in range(MOST_FRAMES):
        if frame is None:
            return
        yield _place(frame, frame.f_lineno)
        frame = frame.f_back


def _place(frame: FrameType, line: int) -> str:
    code = frame.f_code
    return f"{place_in_program(code.co_filename)}:{line} {_name(code.co_name)}"


def _name(text: str) -> str:
    return text if _NAME.fullmatch(text) else "unknown"


def _new_file(folder: Path, at: datetime, kind: str) -> Path:
    stem = f"{kind}-{at.astimezone(UTC):%Y%m%dT%H%M%S}Z"
    number = 1
    path = folder / f"{stem}.json"
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.json"
    return path


def _forget_oldest(folder: Path, kind: str) -> None:
    found = sorted(folder.glob(f"{kind}-*.json"), key=lambda path: path.stat().st_mtime)
    for path in found[:-MOST_FILES]:
        with suppress(OSError):
            path.unlink()


def forbid_core_dumps() -> None:
    """A crash must not leave keys, names and faces in a file."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - exists elsewhere only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
