"""The devices of a desk that is not open yet, each as it stands now: the station's own reader, camera, scanner and
printers, not whatever the machine has. Opens nothing; takes a moment, so not in the window's own thread.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from biometrics.camera_info import CameraInfo, classify
from proctor.desk.cards import NO_READER
from proctor.desk.equipment import ABSENT, camera_fault
from proctor.desk.events import Device, DeviceKind, DeviceState
from proctor.desk.printers import printer_stands
from proctor.errors import SimulatedReaderError
from proctor.printing.errors import PrintingError
from proctor.printing.model import PrinterInfo
from proctor.printing.station import system_printer
from readers.errors import ReaderError
from readers.qr.serial import Port, ScannerRule, serial_ports
from readers.transport.base import ReaderInfo
from readers.transport.pcsc import list_readers

NO_SCANNER: Final = "scanner-unset"
Found = tuple[Device, str]
"""How a device stands, and which one it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """What this station's desk has, as `StationSetup` names it, and what lists the machine's devices. `printers`: at
    this data root."""

    reader: str = ""
    camera: str = ""
    scanner: str = ""
    printers: Path | None = None
    training: bool = False
    list_readers: Callable[[], Iterable[ReaderInfo]] = list_readers
    classify: Callable[[str], CameraInfo] = classify
    list_ports: Callable[[], Iterable[Port]] = serial_ports

    def stands(self) -> Mapping[DeviceKind, Found]:
        """Return how each of them stands."""
        return {
            "reader": self._reader(),
            "camera": self._camera(),
            "scanner": self._scanner(),
            "printer": self._printer(),
        }

    def _reader(self) -> Found:
        try:
            readers = [each for each in self.list_readers() if self.reader.casefold() in each.name.casefold()]
        except ReaderError as error:
            return Device(kind="reader", state="out", code=error.code), ""
        names = ", ".join(each.name for each in readers)
        if any(self.training or not each.virtual for each in readers):
            return Device(kind="reader", state="in"), names
        if readers:
            return Device(kind="reader", state="fault", code=SimulatedReaderError.code), names
        return Device(kind="reader", state="out", code=NO_READER), ""

    def _camera(self) -> Found:
        info = self.classify(self.camera or "0")
        code = camera_fault(info, training=self.training)
        state: DeviceState = "out" if code == ABSENT else "fault" if code else "in"
        return Device(kind="camera", state=state, code=code), info.name

    def _scanner(self) -> Found:
        """One that another program holds is not seen here: no port is opened before the desk is."""
        if not self.scanner:
            return Device(kind="scanner", state="out", code=NO_SCANNER), ""
        try:
            port = ScannerRule.parse(self.scanner).of(self.list_ports())
        except ReaderError as error:
            return Device(kind="scanner", state="fault", code=error.code), ""
        if port is None or (port.device.startswith("/") and not Path(port.device).exists()):
            return Device(kind="scanner", state="out"), ""
        return Device(kind="scanner", state="in"), port.name or port.device

    def _printer(self) -> Found:
        if self.printers is None:
            return Device(kind="printer", state="out"), ""
        try:
            printers: tuple[PrinterInfo, ...] = tuple(system_printer(self.printers).printers())
        except (PrintingError, OSError):
            return Device(kind="printer", state="out"), ""
        return printer_stands(printers), ", ".join(each.name for each in printers)
