"""The administration page's sections about devices: what the desk uses, which cameras are allowed, printers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from proctor.screens.admin import (
    LOOK,
    SECOND,
    Choices,
    Found,
    Order,
    Read,
    Row,
    Section,
    Setting,
    Task,
    Wanted,
    by_two,
    read_of,
)
from proctor.texts import Texts

_PLAIN: Final = ("reader", "camera", "scanner", "candidate_screen")
_SWITCHES: Final = ("sounds", "scan_by_camera")
_ANY: Final = "any"


def _set(order: Order) -> tuple[str, ...]:
    plain = (f"--{name.replace('_', '-')}={order.get(name, '')}" for name in _PLAIN)
    switches = (f"--{name.replace('_', '-')}={'on' if order.get(name) else 'off'}" for name in _SWITCHES)
    return ("devices", "set", *plain, *switches)


def _devices(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    if not data:
        return Found(lines=lines, fills={"sounds": "1"})
    texts, settings = setting.texts, data["settings"]
    found = {
        "readers": tuple((name, name) for name in data["readers"]),
        "cameras": tuple(
            (str(each["spec"]), f"{each['spec']}: {each['name'] or '?'}")
            for each in data["cameras"]
            if each["spec"] is not None
        ),
        "ports": tuple((row["rule"], f"{row['rule']} · {row['name']}") for row in data["ports"]),
        "screens": tuple((place, texts[f"admin-page.screen.{place}"]) for place in ("full", "window")),
    }
    choices = {name: (("", texts["admin-page.usual"]), *each) for name, each in found.items()}
    fills = {name: settings[name] for name in _PLAIN} | {
        name: "1" if settings[name] else "" for name in _SWITCHES
    }
    said = [
        texts.say(f"devices.{name}", value=_value(texts, name, settings[name], found)) for name in settings
    ]
    return Found(lines=tuple((line, "") for line in said), choices=choices, fills=fills)


def _value(texts: Texts, name: str, value: Any, found: Mapping[str, Choices]) -> str:
    if isinstance(value, bool):
        return texts[f"devices.{'on' if value else 'off'}"]
    known = dict(choice for choices in found.values() for choice in choices)
    return known.get(value, value) or texts[f"devices.usual.{name}"]


def _cameras(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    if not data:
        return Found(lines=lines)
    texts = setting.texts
    rows = [_plugged(each, texts) for each in data["cameras"]]
    rows += [_rule(each, texts) for each in data["rules"] if data["list"] == "listed"]
    if data["list"] != "listed":
        lines = (*lines, (texts[f"camera.list-{data['list']}"], "bang"))
    if not data["cameras"]:
        lines = (*lines, (texts["camera.none"], "bang"))
    plugged = tuple(
        (str(each["number"]), f"{each['number']}: {each['name'] or '?'}")
        for each in data["cameras"]
        if each["number"] is not None
    )
    ways = tuple((way, texts[f"admin-page.match.{way}"]) for way in ("serial", "model", "port"))
    usable = tuple(spec for spec, _ in plugged if _usable(spec, data["cameras"]))
    return Found(
        rows=tuple(rows),
        lines=lines,
        choices={"plugged": tuple(each for each in plugged if each[0] in usable), "ways": ways},
        without=frozenset() if usable else frozenset({"camera-allow"}),
    )


def _usable(spec: str, cameras: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a camera is a device that can be put on the list."""
    return any(str(each["number"]) == spec and each["physical"] for each in cameras)


def _plugged(each: Mapping[str, Any], texts: Texts) -> Row:
    model = ":".join(part for part in (each["vid"], each["pid"], each["serial"]) if part) or "–"
    state = texts["camera.allowed" if each["allowed"] else "camera.refused"]
    if not each["physical"]:
        state = texts["admin-page.camera.virtual"]
    number = "–" if each["number"] is None else str(each["number"])
    cells = (texts.say("admin-page.camera.plugged", number=number), each["name"] or "?", model, state)
    fills = {"kind": "plugged" if each["physical"] else "virtual", "camera": number}
    return Row(key=f"plugged {number} {model}", cells=cells, fills=fills)


def _rule(each: Mapping[str, Any], texts: Texts) -> Row:
    cells = (texts["admin-page.camera.rule"], each["name"] or "–", each["spec"], texts["camera.allowed"])
    return Row(key=each["spec"], cells=cells, fills={"kind": "rule"})


def _allow(order: Order) -> tuple[str, ...]:
    way = (f"--match={order['way']}",) if order.get("way") else ()
    return ("camera", "allow", *way, f"--second={order[SECOND]}", order["camera"])


def _printers(reads: Sequence[Read], setting: Setting) -> Found:
    data, lines = read_of(reads, 0, setting)
    texts = setting.texts
    rows = tuple(
        Row(
            key=name,
            cells=(
                _kind(texts, name),
                choice["printer"] or "–",
                choice["tray"] or "–",
                str(choice["copies"] or 1),
            ),
            fills={"printer": choice["printer"], "tray": choice["tray"], "kind": name},
        )
        for name, choice in data.get("kinds", {}).items()
    )
    there = data.get("printers", ())
    for each in there:
        good = each["device"] and each["accepting"] and not each["reasons"]
        state = texts[f"printer.state.{each['state']}"]
        why = "; ".join(reason[texts.language] for reason in each["reasons"])
        said = texts.say("admin-page.printer", printer=each["printer"], state=state, why=why).rstrip(" :")
        lines = (*lines, (said, "tick" if good else "bang"))
    if data and not there:
        lines = (*lines, (texts["print.line.no-printers"], "bang"))
    printers = tuple((each["printer"], each["printer"]) for each in there)
    trays = tuple(dict.fromkeys((tray, tray) for each in there for tray in each["trays"]))
    kinds = tuple((name, _kind(texts, name)) for name in _sheet_kinds())
    return Found(
        rows=rows,
        lines=lines,
        choices={"printers": printers, "trays": (("", texts["admin-page.usual"]), *trays), "kinds": kinds},
        fills={"kind": "default"},
        without=frozenset() if there else frozenset({"printer-set"}),
    )


def _sheet_kinds() -> tuple[str, ...]:
    from proctor.printing.settings import CHOICES  # noqa: PLC0415 - it loads what printing needs

    return tuple(CHOICES)


def _kind(texts: Texts, name: str) -> str:
    own = f"admin-page.sheet.{name}"
    return texts[own if own in texts else f"picture.kind.{name}"]


def _set_printer(order: Order) -> tuple[str, ...]:
    tray = (f"--tray={order['tray']}",) if order.get("tray") else ()
    return ("printer", "set", f"--kind={order['kind']}", f"--printer={order['printer']}", *tray)


DEVICES: Final = Section(
    name="devices",
    reads=(("devices", "show"),),
    found=_devices,
    tasks=(
        Task(
            name="devices-set",
            action="trust",
            fields=(
                Wanted(name="reader", kind="open-choice", source="readers", needed=False),
                Wanted(name="camera", kind="open-choice", source="cameras", needed=False),
                Wanted(name=LOOK, kind="tick", needed=False),
                Wanted(name="scanner", kind="open-choice", source="ports", needed=False, help=True),
                Wanted(
                    name="candidate_screen", kind="open-choice", source="screens", needed=False, help=True
                ),
                Wanted(name="sounds", kind="tick", needed=False),
                Wanted(name="scan_by_camera", kind="tick", needed=False),
            ),
            words=_set,
        ),
    ),
)
CAMERAS: Final = Section(
    name="cameras",
    reads=(("camera", "list"),),
    found=_cameras,
    columns=("what", "name", "model", "state"),
    wide="name",
    tasks=(
        by_two(
            "camera-allow",
            _allow,
            "trust",
            fields=(
                Wanted(name="camera", kind="choice", source="plugged"),
                Wanted(name=LOOK, kind="tick", needed=False),
                Wanted(name="way", kind="choice", source="ways", needed=False, help=True),
            ),
            second="trust",
        ),
        by_two(
            "camera-remove",
            lambda order: ("camera", "remove", f"--second={order[SECOND]}", order["row"]),
            "trust",
            row=True,
            rows=lambda row: row.fills["kind"] == "rule",
            second="trust",
        ),
    ),
)
PRINTERS: Final = Section(
    name="printers",
    reads=(("printer", "list"),),
    found=_printers,
    columns=("sheet", "printer", "tray", "copies"),
    wide="sheet",
    tasks=(
        Task(
            name="printer-set",
            action="print",
            fields=(
                Wanted(name="kind", kind="choice", source="kinds", text="sheet"),
                Wanted(name="printer", kind="open-choice", source="printers"),
                Wanted(name="tray", kind="open-choice", source="trays", needed=False),
            ),
            words=_set_printer,
        ),
        Task(
            name="printer-unset",
            action="print",
            row=True,
            words=lambda order: ("printer", "set", f"--kind={order['row']}", "--unset"),
        ),
    ),
)
