"""What a crash leaves: where it was, and nothing of anybody's data."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from proctor.diagnostics import FAULT, MOST_FILES, Trail, place_in_program, take_fault, write_report

NAME, NUMBER = "Trần Thị Mẫu", "001199000002"
AT = datetime(2026, 11, 22, 8, 55, tzinfo=UTC)


class WrongError(Exception):
    """An error of a package: it has a code."""

    code = "card-lost"


def failing(secret: str) -> None:
    """Fail as a parser does that shows what it was given."""
    try:
        int(secret)
    except ValueError as error:
        raise WrongError(f"{NAME}: {secret}") from error


def crash() -> BaseException:
    try:
        failing(f"{NUMBER} {NAME}")
    except WrongError as error:
        return error
    raise AssertionError


def test_a_report_names_kinds_codes_and_places_and_nothing_else(tmp_path: Path) -> None:
    trail = Trail(lambda: AT)
    for step in ("page.login", f"sbd.{NUMBER}", NAME, "device.reader.cross", "x" * 60, "Page"):
        trail.note(step)
    path = write_report(tmp_path / "here", crash(), where="window.login", trail=trail, now=AT)
    text = path.read_text(encoding="utf-8")
    for private in (NAME, "Tr\\u1ea7n", NUMBER, str(tmp_path), str(Path(__file__).parent.parent)):
        assert private not in text
    report = json.loads(text)
    assert [error["kind"] for error in report["errors"]] == ["WrongError", "ValueError"]
    assert report["errors"][0]["code"] == "card-lost"
    assert report["errors"][0]["frames"][-1].startswith("proctor/test_diagnostics.py:")
    assert report["errors"][0]["frames"][-1].endswith(" failing")
    assert [step["code"] for step in report["trail"]] == ["page.login", "device.reader.cross"]
    assert (report["where"], report["at"], path.name) == (
        "window.login", "2026-11-22T08:55:00Z", "crash-20261122T085500Z.json",
    )  # fmt: skip
    assert path.stat().st_mode & 0o077 == 0


def test_two_in_one_second_are_two_files_and_old_ones_go(tmp_path: Path) -> None:
    first, second = (
        write_report(tmp_path, crash(), where="window.start", trail=Trail(), now=AT) for _ in range(2)
    )
    assert first != second
    for _ in range(MOST_FILES):
        write_report(tmp_path, crash(), where="window.start", trail=Trail(), now=AT)
    assert len(list(tmp_path.glob("crash-*.json"))) == MOST_FILES


def test_a_path_keeps_two_parts() -> None:
    for path in ("/home/nguyen.van.mau/x/proctor/app.py", "C:\\Users\\Mẫu\\proctor\\app.py"):
        assert place_in_program(path) == "proctor/app.py"


def test_a_process_that_dies_leaves_where_it_was(tmp_path: Path) -> None:
    script = tmp_path / "nguyen-van-mau" / "dying.py"
    script.parent.mkdir()
    script.write_text(
        "import os, signal, sys, pathlib\n"
        "from proctor.diagnostics import watch_faults\n"
        "def last_place():\n    os.kill(os.getpid(), signal.SIGSEGV)\n"
        "watch_faults(pathlib.Path(sys.argv[1]))\nlast_place()\n"
    )
    folder = tmp_path / "diagnostics"
    died = subprocess.run([sys.executable, script, folder], check=False)
    assert died.returncode < 0
    path = take_fault(folder, status=died.returncode, now=AT)
    assert path is not None
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["status"] == died.returncode
    assert report["threads"][0]["frames"][0] == "nguyen-van-mau/dying.py:4 last_place"
    assert not (folder / FAULT).exists()
    again = take_fault(folder, status=-9, now=AT)
    assert again is not None
    assert json.loads(again.read_text(encoding="utf-8"))["threads"][0]["frames"] == []
