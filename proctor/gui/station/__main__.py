"""The process of the station's window: `python -m proctor.gui.station ORDER`, started by `proctor.station_process`."""

import json
import signal
import sys
from threading import Event

from proctor.config import Places
from proctor.diagnostics import FOLDER, forbid_core_dumps, watch_faults
from proctor.errors import CommandError
from proctor.station_process import NO_DISPLAY, NO_TK, ORDER_COMES, WRONG
from proctor.texts import DEFAULT_LANGUAGE


def main(argument: str) -> int:
    """Show the window that `argument` (JSON) describes; return the process's exit status."""
    forbid_core_dumps()
    if argument == ORDER_COMES:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is shown yet, and nothing said
    try:
        from proctor.gui.station.desk_options import DeskOptions  # noqa: PLC0415 - Tk may be missing
        from proctor.gui.station.real import means  # noqa: PLC0415
        from proctor.gui.station.settings import load_settings  # noqa: PLC0415
        from proctor.gui.station.show import run  # noqa: PLC0415
    except ImportError:
        return NO_TK
    if argument == ORDER_COMES:
        argument = sys.stdin.buffer.readline().decode()
        if not argument:
            return 0
    order = json.loads(argument)
    places = Places.of(order.get("root"))
    faults = watch_faults(places.home / FOLDER)
    ending = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_told: ending.set())
    try:
        return run(
            places,
            language=order["language"] or load_settings(places.home).language or DEFAULT_LANGUAGE,
            means=means(DeskOptions(**order["desk"]), places.home),
            restarted=order.get("restarted", ""),
            ending=ending,
        )
    except CommandError as error:
        return NO_DISPLAY if error.code == "no-display" else WRONG
    finally:
        faults.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
