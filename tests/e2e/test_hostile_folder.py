"""A folder full of traps, such as a USB stick with a list on it: nothing in it is executed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from readers.transport import pcsc
from tests.roster_zoo.builders import GOOD, HEAD, as_xlsx

_ROOT = Path(__file__).parents[2]
_TRAPS = (
    *(
        "json",
        "cbor2",
        "sitecustomize",
        "usercustomize",
        "argparse",
        "struct",
        "socket",
        "zipfile",
        "tomllib",
    ),
    *("python_calamine", "numpy", "multiprocessing", "runpy_trap", "concurrent", "PIL", "smartcard"),
)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """Return a folder with a list and modules that leave a mark when they are loaded."""
    folder = tmp_path / "usb"
    folder.mkdir()
    for name in _TRAPS:
        (folder / f"{name}.py").write_text(
            f"open({str(folder / 'SPRUNG')!r}, 'a').write(__name__ + chr(10))\nraise SystemExit(99)\n"
        )
    (folder / "list.xlsx").write_bytes(as_xlsx([HEAD, GOOD]))
    return folder


def _environment() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name not in {"PYTHONPATH", "PYTHONSAFEPATH"}}
    return {**kept, "PYTHONPATH": str(_ROOT)}


@pytest.mark.parametrize("start", [("-m", "proctor"), ("-P", "-m", "proctor"), ("-P", "-m", "proctor.entry")])
def test_a_list_is_checked_in_a_folder_of_traps(stick: Path, start: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, *start, "roster", "check", "list.xlsx", "--json"],
        cwd=stick,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not (stick / "SPRUNG").exists(), (stick / "SPRUNG").read_text()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "program",
    [
        "from biometrics.decode import PortraitDecoder as P\nwith P() as p:\n  p.decode(b'no image', 'jpeg')",
        "from readers.transport import pcsc\npcsc.list_readers()",
        (
            "import multiprocessing as m; from proctor import entry; entry._load = lambda first: run\n"
            "def run():\n  q = m.get_context('spawn').Process(target=print); q.start(); q.join(); return q.exitcode\n"
            "raise SystemExit(entry.main())"
        ),
    ],
)
def test_no_child_loads_what_lies_in_the_folder(stick: Path, tmp_path: Path, program: str) -> None:
    script = tmp_path / "as_the_console_script.py"
    script.write_text(f"if __name__ == '__main__':\n{textwrap.indent(program, '  ')}\n")
    subprocess.run(
        [sys.executable, script],
        cwd=stick,
        env=_environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert not (stick / "SPRUNG").exists(), (stick / "SPRUNG").read_text()


def test_the_reader_process_is_started_without_its_folder() -> None:
    assert "-P" in pcsc._COMMAND
