"""`proctor devices show|set`: which devices this station's desk uses where no option says otherwise."""

from dataclasses import asdict, replace
from typing import Any, Final

from biometrics.camera_info import installed_cameras
from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.station_settings import (
    FILE,
    NAMES,
    SWITCHES,
    StationSettings,
    load_station,
    require_settings,
    save_station,
)
from readers.errors import ReaderError
from readers.qr.serial import Port, serial_ports
from readers.transport.pcsc import list_readers

ON: Final = "on"


def show(context: Context) -> int:
    """Say what is set, and what is plugged in to choose from."""
    home = context.places.home
    settings = load_station(home)
    found, readers = serial_ports(), _readers()
    ports = [_port(port, found) for port in found]
    cameras = [
        {"spec": info.index, "name": info.name, "physical": info.physical} for info in installed_cameras()
    ]
    say = context.texts.say
    lines = _lines(context, settings)
    lines += [say("devices.there", name=name) for name in readers]
    lines += [say("devices.port", rule=port["rule"], name=port["name"] or "–") for port in ports]
    data = {
        "file": str(home / FILE),
        "settings": asdict(settings),
        "readers": readers,
        "cameras": cameras,
        "ports": ports,
    }
    context.result(data, tuple(lines))
    return 0


def put(context: Context) -> int:
    """Set what is given; an empty value is the usual one again."""
    options, home = context.options, context.places.home
    given: dict[str, Any] = {
        name: getattr(options, name) for name in NAMES if getattr(options, name) is not None
    }
    if not given:
        raise CommandError("devices-nothing", usage=True)
    given = {
        name: value == ON if name in SWITCHES else " ".join(value.split()) for name, value in given.items()
    }
    settings = require_settings(replace(load_station(home), **given))
    file = save_station(home, settings)
    data = {"ok": True, "file": str(file), "settings": asdict(settings)}
    context.result(data, (context.texts.say("devices.kept", file=str(file)), *_lines(context, settings)))
    return 0


def _readers() -> list[str]:
    try:
        return [reader.name for reader in list_readers()]
    except ReaderError:  # no service: there is none to choose from
        return []


def _port(port: Port, ports: tuple[Port, ...]) -> dict[str, str]:
    """What names a port: VID and PID, with the serial number where two are alike; else its name."""
    model = f"{port.vid}:{port.pid}" if port.vid and port.pid else ""
    alike = sum((each.vid, each.pid) == (port.vid, port.pid) for each in ports) > 1
    rule = f"{model}:{port.serial}" if model and alike and port.serial else model or port.device
    return {"rule": rule, "device": port.device, "name": port.name}


def _lines(context: Context, settings: StationSettings) -> list[str]:
    texts = context.texts
    values = {
        name: (texts[f"devices.{'on' if value else 'off'}"] if isinstance(value, bool) else value)
        or texts[f"devices.usual.{name}"]
        for name, value in asdict(settings).items()
    }
    return [texts.say(f"devices.{name}", value=value) for name, value in values.items()]
