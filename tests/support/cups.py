"""A real cupsd of the test's own: its files in a folder, its only door a socket there, its printers a capture backend.

It runs without a service manager, as root or as anybody. The backend copies what it is sent, byte for byte, into the
printer's folder; files there make it a printer out of paper, jammed, open, slow or broken. Nothing of the system's own
print service is touched.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

START_S = 20.0
_CUPSD = ("/usr/sbin/cupsd", "/usr/bin/cupsd")
_TOOLS = ("lp", "lpstat", "cancel", "lpadmin", "cupsenable", "cupsdisable", "cupsreject", "cupsaccept")
_SERVER_BIN = Path("/usr/lib/cups")
_BACKEND = """#!/bin/sh
# capture:/FOLDER  arguments: job user title copies options [file]
[ $# -eq 0 ] && { echo 'direct capture "Unknown" "capture"'; exit 0; }
dir="${DEVICE_URI#capture:}"
said=
for state in media-empty-error media-jam-error cover-open-error offline-report slow; do
  while [ -e "$dir/$state" ]; do
    if [ "$said" != "$state" ] && [ "$state" != slow ]; then echo "STATE: +$state" >&2; fi
    said="$state"
    sleep 0.03
  done
  if [ "$said" = "$state" ]; then echo "STATE: -$state" >&2; fi
done
[ -e "$dir/fail" ] && exit 1
cat ${6:+"$6"} > "$dir/.part-$1"
printf '%s\\n' "$4" "$5" > "$dir/job-$1.options"
mv "$dir/.part-$1" "$dir/job-$1.pdf"
"""
_PPD = """*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "TRAYS.PPD"
*Manufacturer: "Capture"
*Product: "(Capture)"
*ModelName: "Capture with trays"
*ShortNickName: "Capture with trays"
*NickName: "Capture with trays"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*ColorDevice: False
*cupsFilter: "application/pdf 0 -"
*OpenUI *PageSize/Media Size: PickOne
*DefaultPageSize: A4
*PageSize A4/A4: ""
*CloseUI: *PageSize
*OpenUI *PageRegion: PickOne
*DefaultPageRegion: A4
*PageRegion A4/A4: ""
*CloseUI: *PageRegion
*DefaultImageableArea: A4
*ImageableArea A4/A4: "0 0 595 842"
*DefaultPaperDimension: A4
*PaperDimension A4/A4: "595 842"
*OpenUI *InputSlot/Media Source: PickOne
*DefaultInputSlot: Tray1
*InputSlot Tray1/Tray 1: ""
*InputSlot Tray2/Tray 2: ""
*CloseUI: *InputSlot
"""


def require_cups() -> str:
    """Return cupsd's path. Linux must have CUPS (`.ci/setup test` installs it); elsewhere the test is skipped."""
    if not sys.platform.startswith("linux"):
        pytest.skip("the private print service is made for Linux")
    cupsd = next((path for path in _CUPSD if Path(path).exists()), None)
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=_path()) is None]
    if cupsd is None or missing:
        pytest.fail(f"no CUPS ({' '.join(missing) or 'cupsd'}): apt-get install cups-daemon cups-client")
    return cupsd


def _path() -> str:
    """The user's PATH, and where an administrator's programs are."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class PrivateCups:
    """One print service. `environment` makes CUPS's programs, and the station, talk to it."""

    def __init__(self, cupsd: str, folder: Path) -> None:
        self._cupsd, self.folder = cupsd, folder
        self.socket = folder / "cups.sock"
        self.environment = {"CUPS_SERVER": str(self.socket), "LC_ALL": "C", "HOME": str(folder)}
        self._daemon: subprocess.Popen[bytes] | None = None
        self._write()
        self.start()

    @property
    def log(self) -> str:
        """What the service said so far."""
        path = self.folder / "log" / "error_log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start the service and wait until it answers."""
        self.socket.unlink(missing_ok=True)
        self._daemon = subprocess.Popen(
            [self._cupsd, "-f", "-c", str(self.folder / "cupsd.conf"), "-s", str(self.folder / "files.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._daemon.poll() is None:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as door:
                door.connect(str(self.socket))
                return
            time.sleep(0.02)
        pytest.fail(f"cupsd did not come up:\n{self.log}")

    def kill(self) -> None:
        """End the service as a power cut would, its backends too."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._end_backends()

    def stop(self) -> None:
        """End the service."""
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.terminate()
            try:
                self._daemon.wait(10)
            except subprocess.TimeoutExpired:
                self._daemon.kill()
                self._daemon.wait()
        self._end_backends()

    def run(self, *command: str) -> str:
        """Run one of CUPS's programs against this service, and return what it printed."""
        done = subprocess.run(
            command,
            env={**os.environ, **self.environment, "TMPDIR": str(self.folder), "PATH": _path()},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    def printer(self, name: str, *, trays: bool = False, policy: str = "abort-job") -> CapturePrinter:
        """Add a printer that captures. `policy`: what CUPS does when it fails (abort-job, stop-printer, retry-job)."""
        folder = self.folder / name
        folder.mkdir()
        options = ("-o", f"printer-error-policy={policy}")
        ppd = ("-P", str(self.folder / "trays.ppd")) if trays else ()
        self.run("lpadmin", "-p", name, "-E", "-v", f"capture:{folder}", *ppd, *options)
        return CapturePrinter(self, name, folder)

    def _end_backends(self) -> None:
        """A backend that a killed service left waits for ever: let each go on to its end."""
        for state in self.folder.glob("*/*"):
            if state.name == "slow" or state.name.endswith(("-error", "-report")):
                state.unlink(missing_ok=True)

    def _write(self) -> None:
        user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
        for name in ("log", "spool/tmp", "cache", "state", "bin/backend", "ppd"):
            (self.folder / name).mkdir(parents=True)
        for name in ("daemon", "driver", "filter", "notifier", "cgi-bin", "monitor"):
            (self.folder / "bin" / name).symlink_to(_SERVER_BIN / name)
        backend = self.folder / "bin" / "backend" / "capture"
        backend.write_text(_BACKEND)
        backend.chmod(0o700)  # what only its owner may run, cupsd runs as its owner
        (self.folder / "trays.ppd").write_text(_PPD)
        files = {
            "ServerRoot": self.folder,
            "RequestRoot": self.folder / "spool",
            "TempDir": self.folder / "spool" / "tmp",
            "CacheDir": self.folder / "cache",
            "StateDir": self.folder / "state",
            "ServerBin": self.folder / "bin",
            "DataDir": "/usr/share/cups",
            "ErrorLog": self.folder / "log" / "error_log",
            "AccessLog": self.folder / "log" / "access_log",
            "PageLog": self.folder / "log" / "page_log",
            "Printcap": self.folder / "printcap",
            "SystemGroup": group,
            "FatalErrors": "none",
        }
        if os.getuid() != 0:  # cupsd refuses to run its filters as root, and then takes its own user
            files |= {"User": user, "Group": group}
        text = "".join(f"{name} {value}\n" for name, value in files.items())
        (self.folder / "files.conf").write_text(text)
        (self.folder / "cupsd.conf").write_text(
            f"Listen {self.socket}\nLogLevel info\nWebInterface No\nBrowsing Off\nDefaultAuthType None\n"
            "JobRetryInterval 1\nJobKillDelay 1\nDirtyCleanInterval 0\nPreserveJobHistory Yes\nPreserveJobFiles Yes\n"
            "<Location />\nOrder allow,deny\nAllow all\n</Location>\n"
            "<Policy default>\n<Limit All>\nOrder allow,deny\nAllow all\n</Limit>\n</Policy>\n"
        )


class CapturePrinter:
    """One printer: what came out of it, and what is wrong with it."""

    def __init__(self, cups: PrivateCups, name: str, folder: Path) -> None:
        self._cups, self.name, self._folder = cups, name, folder

    @property
    def printed(self) -> list[bytes]:
        """The documents that came out, in order."""
        found = sorted(self._folder.glob("job-*.pdf"), key=lambda path: int(path.stem.partition("-")[2]))
        return [path.read_bytes() for path in found]

    @property
    def options(self) -> list[tuple[int, str]]:
        """Copies and options of each, in order."""
        found = sorted(self._folder.glob("job-*.options"), key=lambda path: int(path.stem.partition("-")[2]))
        rows = [path.read_text().splitlines() for path in found]
        return [(int(copies), options) for copies, options in rows]

    def empty(self) -> None:
        """Take the paper away."""
        for path in self._folder.glob("job-*"):
            path.unlink()

    def set(self, state: str) -> None:
        """Make the printer say and do `state`: media-empty-error, media-jam-error, cover-open-error, offline-report,
        slow, fail."""
        (self._folder / state).touch()

    def clear(self, state: str) -> None:
        """End that."""
        (self._folder / state).unlink()


@contextlib.contextmanager
def running_cups() -> Iterator[PrivateCups]:
    """A private print service for as long as the block lasts. Its folder has a short name: a socket's path is short."""
    cupsd = require_cups()
    folder = Path(tempfile.mkdtemp(prefix="cups-"))
    folder.chmod(0o755)
    cups = PrivateCups(cupsd, folder)
    try:
        yield cups
    finally:
        cups.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def private_cups() -> Iterator[PrivateCups]:
    """One private print service for all tests of a module."""
    with running_cups() as cups:
        yield cups
