"""A disk that is really full, at the whole window: `full_disk.py` in a mount namespace, on a tmpfs of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.test_store_faults import REPO, mounts
from tests.gui.full_disk import DISK

pytestmark = [mounts, pytest.mark.slow, pytest.mark.timeout(400)]
SCRIPT = 'mount -t tmpfs -o size=2g tmpfs "$1" && shift && exec "$@"'


@pytest.mark.parametrize("name", ["check_in", "sheets"])
def test_what_the_disk_does_not_take_is_said_and_goes_on_when_there_is_room(
    tmp_path: Path, screen: str, name: str
) -> None:
    run = (sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", name)
    done = subprocess.run(
        [*("unshare", "-rm", "sh", "-c", SCRIPT, "sh"), str(tmp_path), *run, "tests/gui/full_disk.py"],
        cwd=REPO,
        env={**os.environ, DISK: str(tmp_path), "DISPLAY": screen},
        capture_output=True,
        text=True,
        timeout=360,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "1 passed" in done.stdout
