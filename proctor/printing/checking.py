"""Whether a sheet can be printed: its file, and the printer that is meant for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from proctor.printing.errors import (
    NoDeviceError,
    NoPrinterError,
    NotAcceptingError,
    PrinterUnknownError,
    SheetGoneError,
    SheetUnknownError,
    TrayUnknownError,
)
from proctor.printing.model import PrinterInfo

MAX_SHEET: Final = 64 * 1024 * 1024


def read_sheet(file: Path) -> bytes:
    """Return a sheet's bytes. Raises SheetGoneError, also for one that no sheet can be: too large, a folder."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_SHEET + 1)
    except OSError:
        raise SheetGoneError(file=str(file)) from None
    if len(data) > MAX_SHEET:
        raise SheetUnknownError(file=str(file))
    return data


def find_printer(printers: tuple[PrinterInfo, ...], name: str, tray: str, kind: str) -> PrinterInfo:
    """Return the printer of this name; without one the system's default, else the only one there is.

    Raises NoPrinterError, PrinterUnknownError, NoDeviceError, NotAcceptingError, TrayUnknownError.
    """
    if name:
        found = [info for info in printers if info.name == name]
        if not found:
            raise PrinterUnknownError(printer=name, known=", ".join(info.name for info in printers) or "-")
    else:
        found = [info for info in printers if info.default] or [info for info in printers if info.device]
        if len(found) != 1:
            raise NoPrinterError(sheet=kind)
    return require_usable(found[0], tray)


def require_usable(info: PrinterInfo, tray: str) -> PrinterInfo:
    """Return a printer that can take a sheet. Raises NoDeviceError, NotAcceptingError, TrayUnknownError."""
    if not info.device:
        raise NoDeviceError(printer=info.name)
    if not info.accepting:
        raise NotAcceptingError(printer=info.name)
    if tray and tray not in info.trays:
        raise TrayUnknownError(printer=info.name, tray=tray, known=", ".join(info.trays) or "-")
    return info
