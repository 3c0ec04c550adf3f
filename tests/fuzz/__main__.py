"""Every target under atheris, one after the other: python -m tests.fuzz [NAME …]

FUZZ_RUNS (1,000,000) and FUZZ_SECONDS (600) bound each target: whichever is reached first. Ends with 1 when an input
crashed a target or took more than 50 ms of CPU or 64 MB; the input is then in build/fuzz/NAME.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "fuzz"
MAX_INPUT = 70_000


def run(name: str, *, runs: int, seconds: int) -> list[str]:
    """One target; what was found."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    known = _crashes(folder)
    options = (
        f"-runs={runs}",
        f"-max_total_time={seconds}",
        f"-max_len={MAX_INPUT}",
        "-timeout=30",
        "-rss_limit_mb=4096",
    )
    started = time.monotonic()
    log = folder / "log.txt"
    with log.open("wb") as output:
        code = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.drive", name, str(folder), *options],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    text = log.read_text(errors="replace")
    found = [f"{path}" for path in sorted(_crashes(folder) - known)]
    if code and not found:
        found = [f"{log} (ended with {code})"]
    found += _judged(name, sorted((folder / "aside").glob("*")))
    done = (
        re.findall(r"^Done (\d+) runs", text, re.MULTILINE)
        or re.findall(r"^#(\d+)", text, re.MULTILINE)
        or ["0"]
    )
    print(
        f"{name:18} {int(done[-1]):>12,} inputs {time.monotonic() - started:>7.0f} s  {len(found)} found",
        flush=True,
    )
    for line in found:
        print(f"    {line}", flush=True)
    return found


def _crashes(folder: Path) -> set[Path]:
    """What libFuzzer left behind; slow inputs are judged apart."""
    return {path for kind in ("crash", "timeout", "oom", "leak") for path in folder.glob(f"{kind}-*")}


def _judged(name: str, aside: list[Path]) -> list[str]:
    if not aside:
        return []
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.judge", name, *map(str, aside)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines() or ([done.stderr] if done.returncode else [])


def main() -> None:
    """See the module's text."""
    runs, seconds = int(os.environ.get("FUZZ_RUNS", "1000000")), int(os.environ.get("FUZZ_SECONDS", "600"))
    names = sys.argv[1:] or list(TARGETS)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        sys.exit(f"no target {' '.join(unknown)}; there are: {' '.join(TARGETS)}")
    found = [line for name in names for line in run(name, runs=runs, seconds=seconds)]
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
