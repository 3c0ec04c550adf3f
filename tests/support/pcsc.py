"""A real pcscd with vsmartcard's virtual reader, alone in its own mount and network namespace.

Nothing outside sees it and it sees nothing outside: /run is empty, the only network is loopback. As root the
namespaces are made directly, otherwise inside a user namespace. Use the fixture `private_pcsc`, or the class.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
PORT = 35963
READER = "Virtual PCD 00 00"
SECOND_READER = "Virtual PCD 00 01"
START_S = 20.0
STOP_S = 10.0
REQUIRE = "PROCTOR_REQUIRE_VPCD"
_DRIVERS = (
    "/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
    "/usr/lib/x86_64-linux-gnu/pcsc/drivers/serial/libifdvpcd.so",
    "/usr/lib/aarch64-linux-gnu/pcsc/drivers/serial/libifdvpcd.so",
)
_PCSCD = ("/usr/sbin/pcscd", "/usr/bin/pcscd")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tools:
    pcscd: str
    driver: str
    unshare: tuple[str, ...]
    nsenter: tuple[str, ...]


def _first(paths: Sequence[str]) -> str | None:
    return next((path for path in paths if Path(path).exists()), None)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _find_tools() -> tuple[_Tools | None, str]:
    """What is needed, or why it cannot be had."""
    if not sys.platform.startswith("linux"):
        return None, "private namespaces exist on Linux only"
    pcscd, driver = _first(_PCSCD), _first(_DRIVERS)
    if pcscd is None or driver is None:
        return None, "apt-get install pcscd vsmartcard-vpcd"
    unshare, nsenter = shutil.which("unshare"), shutil.which("nsenter")
    if unshare is None or nsenter is None:
        return None, "unshare and nsenter (util-linux) are missing"
    user = () if _is_root() else ("-r",)
    into_user = () if _is_root() else ("-U", "--preserve-credentials")
    command = (unshare, *user, "-mn")
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        return None, "this machine allows no private namespaces (unshare -mn)"
    return _Tools(pcscd=pcscd, driver=driver, unshare=command, nsenter=(nsenter, *into_user, "-m", "-n")), ""


def require_tools() -> _Tools:
    """The tools; without them the test is skipped with the reason, or fails when PROCTOR_REQUIRE_VPCD=1."""
    tools, reason = _find_tools()
    if tools is None:
        if os.environ.get(REQUIRE) == "1":
            pytest.fail(f"no private PC/SC: {reason}")
        pytest.skip(f"no private PC/SC: {reason}")
    return tools


class PrivatePcsc:
    """One pcscd with a virtual reader of two slots, on port PORT and PORT + 1 of its own loopback."""

    def __init__(self, tools: _Tools, directory: Path) -> None:
        self._tools = tools
        self._directory = directory
        self._clients: list[subprocess.Popen[str]] = []
        config = directory / "reader.conf.d"
        config.mkdir(parents=True)
        (config / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{PORT:X}\n'
            f"LIBPATH {tools.driver}\nCHANNELID 0x{PORT:X}\n"
        )
        self._log = (directory / "pcscd.log").open("wb")
        inside = [
            sys.executable,
            str(Path(__file__).with_name("pcsc_namespace.py")),
            tools.pcscd,
            str(config),
        ]
        self._daemon = subprocess.Popen(
            [*tools.unshare, *inside],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise

    @property
    def log(self) -> str:
        """What pcscd said so far."""
        return (self._directory / "pcscd.log").read_text(errors="replace")

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs something inside the namespaces."""
        return [*self._tools.nsenter, "-t", str(self._daemon.pid), f"--wd={ROOT}", "--", *arguments]

    def python(self, *arguments: str) -> list[str]:
        """The command line that runs this interpreter inside the namespaces."""
        return self.command(sys.executable, *arguments)

    def run(
        self, *arguments: str, stdin: str = "", timeout: float = 60.0, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run this interpreter inside with these arguments (such as "-m", "proctor", …) to its end."""
        return subprocess.run(
            self.python(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={**_environment(), **(env or {})},
        )

    def start(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start this interpreter inside; it is ended with the namespaces at the latest."""
        client = subprocess.Popen(
            self.python(*arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**_environment(), **(env or {})},
        )
        self._clients.append(client)
        return client

    @contextlib.contextmanager
    def card(self, *arguments: str) -> Iterator[dict[str, str]]:
        """A software card in the reader (arguments of `tests.support.pcsc_card`); yields what it printed when it
        was in, and takes it out at the end."""
        process = self.start("-m", "tests.support.pcsc_card", *arguments)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                pytest.fail(f"the card did not start: {process.communicate(timeout=STOP_S)[1]}")
            yield json.loads(line)
        finally:
            self.end(process)

    def end(self, process: subprocess.Popen[str]) -> None:
        """End one client that was started here, politely first."""
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        if process in self._clients:
            self._clients.remove(process)

    def stop(self) -> None:
        """End the clients and pcscd."""
        for client in list(self._clients):
            self.end(client)
        self._daemon.terminate()
        try:
            self._daemon.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        self._log.close()

    def _await_ready(self) -> None:
        root = Path("/proc") / str(self._daemon.pid)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._daemon.poll() is not None:
                break
            if _listening(root, PORT) and _exists(root / "root/run/pcscd/pcscd.comm"):
                return
            time.sleep(0.02)
        pytest.fail(f"pcscd did not come up:\n{self.log}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _listening(process: Path, port: int) -> bool:
    """Whether somebody listens on the port in the network namespace of the process."""
    for table in ("net/tcp", "net/tcp6"):
        try:
            lines = (process / table).read_text().splitlines()[1:]
        except OSError:
            continue
        fields = (line.split() for line in lines)
        if any(row[3] == "0A" and row[1].endswith(f":{port:04X}") for row in fields):
            return True
    return False


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PCSCLITE_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def running_pcsc(directory: Path) -> Iterator[PrivatePcsc]:
    """A private PC/SC for as long as the block lasts; skips or fails as `require_tools` does."""
    pcsc = PrivatePcsc(require_tools(), directory)
    try:
        yield pcsc
    finally:
        pcsc.stop()


@pytest.fixture(scope="module")
def private_pcsc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePcsc]:
    """One private PC/SC for all tests of a module. Import it into the module or its conftest to use it."""
    with running_pcsc(tmp_path_factory.mktemp("pcsc")) as pcsc:
        yield pcsc
