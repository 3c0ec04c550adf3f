"""A private PC/SC whose service can be stopped, killed and started again while its readers' world stays."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.pcsc import ROOT, START_S, STOP_S, PrivatePcsc, _exists, _listening, require_tools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class RestartablePcsc(PrivatePcsc):
    """A process of its own keeps the namespaces, so that pcscd may come and go in them."""

    def __init__(self, directory: Path) -> None:
        self._keeper: subprocess.Popen[bytes] | None = None
        super().__init__(require_tools(), directory)
        self._conf = directory / "reader.conf.d"
        self._keeper = subprocess.Popen(
            super().command("sleep", "600"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        time.sleep(0.2)

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs something inside the namespaces, whether pcscd lives or not."""
        if self._keeper is None:
            return super().command(*arguments)
        return [*self._tools.nsenter, "-t", str(self._keeper.pid), f"--wd={ROOT}", "--", *arguments]

    def stall(self) -> None:
        """Let pcscd hang."""
        os.kill(self._daemon.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        os.kill(self._daemon.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End pcscd without warning."""
        self._daemon.kill()
        self._daemon.wait(timeout=STOP_S)

    def start_again(self) -> None:
        """Start pcscd anew in the same place, as a service manager would."""
        known = subprocess.run(
            [self._tools.pcscd, "--help"], capture_output=True, text=True, check=False
        ).stdout
        options = ["--disable-polkit"] if "--disable-polkit" in known else []
        left = (
            "import os, contextlib, pathlib\nfor path in pathlib.Path('/run/pcscd').iterdir(): path.unlink()"
        )
        subprocess.run(self.python("-c", left), check=True)
        self._daemon = subprocess.Popen(
            self.command(self._tools.pcscd, "-f", "-c", str(self._conf), *options),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._await_ready()

    def stop(self) -> None:
        """End everything."""
        super().stop()
        if self._keeper is not None:
            self._keeper.kill()
            self._keeper.wait()

    def _await_ready(self) -> None:
        if self._keeper is None:
            super()._await_ready()
            return
        deadline = time.monotonic() + START_S
        root = f"/proc/{self._keeper.pid}"
        from pathlib import Path

        while time.monotonic() < deadline:
            if _listening(Path(root), 35963) and _exists(Path(root) / "root/run/pcscd/pcscd.comm"):
                return
            time.sleep(0.05)
        pytest.fail(f"pcscd did not come up again:\n{self.log}")


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[RestartablePcsc]:
    """A private PC/SC of one test's own."""
    pcsc = RestartablePcsc(tmp_path / "pcsc")
    try:
        yield pcsc
    finally:
        pcsc.stop()
