"""The station's whole window at a training desk over a real PC/SC service, a recorded camera and a serial scanner:
`python -m tests.support.station_devices_child CAMERA PORTS`. `PORTS`: a file that names the scanner's port of now, as
the system would list it; empty while it is unplugged. Says each change of a device, with the words on the page, as
JSON.
"""

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from serial.tools import list_ports

from proctor.config import Places
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from proctor.gui.station.window import StationWindow
from tests.support.station_child import to_desk, until

SCANNER = "0c2e:0b61"


def ports(file: Path) -> list[Any]:
    """What the system lists: the scanner under its name of now, or nothing."""
    device = file.read_text(encoding="utf-8").strip()
    found = SimpleNamespace(
        device=device, vid=0x0C2E, pid=0x0B61, serial_number="", product="Máy quét", description=""
    )
    return [found] if device else []


def words(widget: Any) -> list[str]:
    """Every text that the page shows."""
    shown = "text" in widget.keys() and widget.winfo_ismapped()  # noqa: SIM118 - a widget is no dict
    found = [str(widget.cget("text"))] if shown else []
    return found + [text for child in widget.winfo_children() for text in words(child)]


def main(camera: str, file: Path) -> None:
    """Stay at the desk until somebody ends it."""
    list_ports.comports = lambda *_given: ports(file)
    options = DeskOptions(reader="Virtual", camera=camera, scanner=SCANNER, sounds=False)
    window = StationWindow(Places.of(None), language="vi", means=real_means(options))
    to_desk(window)
    driver: Any = window.driver
    until(window, lambda: bool(driver.runtime.ready))
    said: dict[str, str] = {}
    while window.alive:
        window.update()
        for device in driver.state.devices:
            if said.get(device.kind) != device.state:
                said[device.kind] = device.state
                page = "\n".join(words(window))
                print(json.dumps({"kind": device.kind, "state": device.state, "page": page}), flush=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
