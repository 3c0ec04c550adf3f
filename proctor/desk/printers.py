"""Whether there is a printer that takes sheets: asked now and then, on a thread of its own, since the print system may
take seconds to answer. A station that never had one is told nothing."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from proctor.desk.events import Device
from proctor.printing.errors import PrintingError
from proctor.printing.model import Printer, PrinterInfo

EVERY_S: Final = 15.0
STOPPED: Final = "printer-stopped"


def printer_stands(printers: tuple[PrinterInfo, ...]) -> Device:
    """Return how the printers stand: "in" when one of them takes sheets and prints them."""
    usable = [each for each in printers if each.device and each.accepting]
    if any(each.state != "stopped" for each in usable):
        return Device(kind="printer", state="in")
    return (
        Device(kind="printer", state="fault", code=STOPPED) if usable else Device(kind="printer", state="out")
    )


class PrinterWatch:
    """Asks the print system from time to time."""

    def __init__(
        self, tell: Callable[[Device, str], None], system: Callable[[], Printer], *, every_s: float = EVERY_S
    ) -> None:
        """`tell`: how the printers stand, and their names."""
        self._tell = tell
        self._system = system
        self._every_s = every_s
        self._known = False
        self._stop = Event()
        self._thread = Thread(target=self._run, name="printers", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def close(self, wait_s: float = 2.0) -> None:
        """End the thread; a print system that hangs is not waited for."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(wait_s)

    def _run(self) -> None:
        system = self._system()
        while not self._stop.is_set():
            names = ""
            try:
                printers = system.printers()
                stands, names = printer_stands(printers), ", ".join(each.name for each in printers)
            except PrintingError as error:
                stands = Device(kind="printer", state="out", code=error.code)
            self._known = self._known or stands.state == "in"
            if self._known and not self._stop.is_set():
                self._tell(stands, names)
            self._stop.wait(self._every_s)
