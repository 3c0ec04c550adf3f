"""A station whose log made some files, and a print desk at it."""

from __future__ import annotations

import contextlib
import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor.printing.desk import Pace, PrintDesk
from proctor.printing.queue import PrintQueue
from proctor.printing.settings import PrinterSettings
from tests.support.course_cli import Sitting, sitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from proctor.printing.model import Printer
    from proctor.roots import OpenRoot

QUICK = Pace(poll_s=0.03, retry_s=0.02, max_tries=3)
WAIT_S = 15.0


def pdf(number: int) -> bytes:
    """A file that only its first line makes a PDF; whatever prints it passes it on."""
    return b"%PDF-1.4\n" + hashlib.sha256(str(number).encode()).digest() * 40 + b"\n%%EOF\n"


@dataclass
class Station:
    """A training root with one session, open."""

    opened: OpenRoot
    session: str
    folder: Path
    made: int = 0

    def sheet(self, kind: str = "attendance", *, variant: str = "", copy: int = 0) -> Path:
        """Write a file and enter that the log made it; `variant`: which sheet it is, another each time without."""
        self.made += 1
        path = self.folder / f"{kind}-{self.session}-{self.made}.pdf"
        path.write_bytes(pdf(self.made))
        body = {
            "session": self.session,
            "sheet": kind,
            "sheet_size": 1,
            "sheet_root": "00" * 32,
            "pdf_sha256": sha256(path),
            "seal_certificate": "00" * 32,
            "variant": variant or f"entry={self.made}",
            **({"copy": copy} if copy else {}),
        }
        self.opened.store.append("print", body, operator=self.opened.require_login().operator)
        return path

    def desk(self, printer: Printer, *, pace: Pace = QUICK, **given: Any) -> PrintDesk:
        """A print desk, as one more run of the program would have it."""
        values: dict[str, Any] = {
            "store": self.opened.store,
            "operator": self.opened.require_login().operator,
            "queue": PrintQueue(self.opened.root.path),
            "now": lambda: datetime(2026, 11, 22, 1, 0, tzinfo=UTC),
            "choices": PrinterSettings.load(self.opened.root.path).of,
            "allow": lambda session: None,
        }
        return PrintDesk(printer=printer, pace=pace, **(values | given))

    @property
    def ends(self) -> list[dict[str, Any]]:
        """The log's print jobs."""
        kept = ("printer", "outcome", "copies", "reason")
        return [
            {name: entry.body[name] for name in kept if name in entry.body}
            for entry in self.opened.store.entries("print-job")
        ]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def station(home: Path) -> Iterator[Station]:
    """A new station. Its folder for sheets is inside `home`."""
    made: Sitting = sitting(home, count=1)
    folder = home / "sheets"
    folder.mkdir()
    with made.opened() as opened:
        yield Station(opened, made.session, folder)


def until(desk: PrintDesk, condition: Callable[[], bool]) -> None:
    """Let the desk work until something holds."""
    end = time.monotonic() + WAIT_S
    while not condition():
        desk.step()
        assert time.monotonic() < end, desk.jobs()
        time.sleep(0.02)
