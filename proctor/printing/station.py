"""The printing of an open station: its queue, its printers, its settings, put together."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from proctor.printing.cups import CupsPrinter
from proctor.printing.desk import Pace, PrintDesk
from proctor.printing.model import Printer
from proctor.printing.queue import FOLDER, PrintQueue
from proctor.printing.settings import PrinterSettings
from proctor.printing.windows import WindowsPrinter
from proctor.roots import OpenRoot
from sessions.session import load_session


def system_printer(root: Path, platform: str = sys.platform) -> Printer:
    """Return the print system of this machine. `root`: the data root, for private copies where a system wants files."""
    return WindowsPrinter(root / FOLDER / "copies") if platform == "win32" else CupsPrinter()


def open_print_desk(opened: OpenRoot, printer: Printer | None = None, pace: Pace | None = None) -> PrintDesk:
    """Return the print desk of an open root, with the jobs that earlier runs left. Call `start` for a window, `wait`
    or `step` in a command.

    Raises CommandError "user-needed", QueueDamagedError, PrinterSettingsError.
    """
    operator = opened.require_login().operator

    @cache
    def allow(session: str) -> None:
        load_session(opened.store, session).rules.require_may(operator, "print")

    return PrintDesk(
        store=opened.store,
        operator=operator,
        queue=PrintQueue(opened.root.path),
        printer=system_printer(opened.root.path) if printer is None else printer,
        now=lambda: datetime.now(UTC),
        choices=PrinterSettings.load(opened.root.path).of,
        allow=allow,
        pace=pace,
    )
