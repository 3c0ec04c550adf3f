"""What a camera specification means, and whether a physical camera stands behind it.

On Linux the kernel says so (sysfs); on Windows the registry says which cameras there are, not which number each has;
elsewhere nothing is known. Names and numbers of USB devices are what the device says of itself: a device made to
deceive can say anything.
"""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from biometrics.tables import Table, read_table
from biometrics.windows_cameras import WindowsCamera, directshow_names, listed_cameras

Kind = Literal["device", "file", "sequence", "url", "memory", "scene"]
Why = Literal["", "absent", "name", "driver", "no-bus", "simulated-bus", "listed-virtual", "no-device"]
SYSFS = Path("/sys")
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".jp2"})
_URL = re.compile(r"^(https?|rtsp)://", re.IGNORECASE)
_DEVICE = re.compile(r"^/dev/video(\d+)$")
_PATTERN = re.compile(r"%0?\d*d")
_USB_ID = re.compile(r"[0-9a-f]{4}")
_TABLE = {"source": str, "drivers": list, "names": list, "simulated_buses": list}
_MAX_TEXT = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraInfo:
    """`physical`: a camera of its own, no program, file or stream. `index`: the device number, if any.

    `vid`, `pid`: of USB, four hex digits; `serial`: as the device gives it, often nothing; `path`: where it is plugged
    in, stable over restarts; all empty where the system does not say. `why`: what speaks against a physical camera.
    """

    kind: Kind
    physical: bool
    name: str = ""
    driver: str = ""
    index: int | None = None
    present: bool = True
    vid: str = ""
    pid: str = ""
    serial: str = field(default="", repr=False)
    path: str = ""
    why: Why = ""

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """What tells one device from another, as far as the system says: not its number."""
        return self.vid, self.pid, self.serial, self.path, self.name


def classify(
    spec: str,
    *,
    sysfs: Path = SYSFS,
    platform: str = sys.platform,
    list_names: Callable[[], Sequence[str]] | None = None,
    list_devices: Callable[[], Sequence[WindowsCamera]] | None = None,
) -> CameraInfo:
    """Say what `spec` means: an index, /dev/videoN or a link to it, a file, a folder or %04d pattern, a URL.

    Opens nothing. `list_names`, `list_devices`: what cameras there are, for systems without sysfs.
    """
    if _URL.match(spec):
        return CameraInfo(kind="url", physical=False, why="no-device")
    index = device_index(spec)
    if index is None:
        return _recording(spec)
    if platform.startswith("linux"):
        return _linux_device(index, sysfs)
    return _other_device(
        index,
        (list_names or (lambda: installed_names(platform)))(),
        (list_devices or (lambda: _devices(platform)))(),
    )


def installed_cameras(*, sysfs: Path = SYSFS, platform: str = sys.platform) -> tuple[CameraInfo, ...]:
    """Return the cameras the system lists, by number; opens nothing.

    Windows lists devices and virtual ones without their numbers; other systems list nothing.
    """
    if platform.startswith("linux"):
        found = (
            _DEVICE.match(f"/dev/{place.name}") for place in (sysfs / "class" / "video4linux").glob("video*")
        )
        return tuple(
            _linux_device(number, sysfs) for number in sorted(int(match[1]) for match in found if match)
        )
    named = (_named(name) for name in installed_names(platform))
    return (*(_of_windows(device) for device in _devices(platform)), *named)


def device_index(spec: str) -> int | None:
    """Return the device number of "0", "/dev/video0" or a link to it; None when `spec` is no device."""
    if spec.isascii() and spec.isdigit() and len(spec) <= 4:
        return int(spec)
    try:
        target = str(Path(spec).resolve())
    except (OSError, ValueError):
        return None
    found = _DEVICE.match(spec) or _DEVICE.match(target)
    return int(found[1]) if found else None


def _recording(spec: str) -> CameraInfo:
    try:
        folder, exists = Path(spec).is_dir(), Path(spec).exists()
    except OSError:
        folder, exists = False, False
    if folder or _PATTERN.search(spec):
        return CameraInfo(kind="sequence", physical=False, why="no-device")
    return CameraInfo(kind="file", physical=False, present=exists, why="no-device")


def is_virtual(name: str, driver: str) -> bool:
    """Say whether a name or a driver belongs to a camera that shows what a program gives it."""
    return bool(_virtual_by(_table(), name, driver))


def _table() -> Table:
    table, _ = read_table("virtual_cameras", _TABLE)
    return table


def _virtual_by(table: Table, name: str, driver: str) -> Why:
    words = f" {' '.join(re.findall('[a-z0-9]+', name.casefold()))} "
    if driver.casefold() in table["drivers"]:
        return "driver"
    return "name" if any(f" {term} " in words for term in table["names"]) else ""


# -- Linux -------------------------------------------------------------------------------------------


def _linux_device(index: int, sysfs: Path) -> CameraInfo:
    folder = sysfs / "class" / "video4linux" / f"video{index}"
    if not folder.exists():
        return CameraInfo(kind="device", physical=False, index=index, present=False, why="absent")
    name = _attribute(folder / "name")
    link = folder / "device" / "driver"
    driver = link.resolve().name if link.exists() else ""
    usb = _usb_device(folder, sysfs)
    table = _table()
    why = _virtual_by(table, name, driver) or _no_hardware(table, folder, driver)
    if not why and usb is not None:  # renaming a v4l2 device is easy, renaming a USB product is not
        why = _virtual_by(table, _attribute(usb / "product"), "")
    return CameraInfo(
        kind="device",
        physical=not why,
        name=name,
        driver=driver,
        index=index,
        vid=_usb_id(usb, "idVendor"),
        pid=_usb_id(usb, "idProduct"),
        serial="" if usb is None else _attribute(usb / "serial"),
        path=_place(folder, sysfs),
        why=why,
    )


def _no_hardware(table: Table, folder: Path, driver: str) -> Why:
    """A camera hangs on a bus through its driver; v4l2loopback's devices have neither. USB controllers that only a
    program stands behind (dummy_hcd, USB over IP) have a driver, but no bus of their own."""
    place = str(folder.resolve())
    if any(name in place for name in table["simulated_buses"]):
        return "simulated-bus"
    return "" if driver and "/virtual/" not in place else "no-bus"


def _attribute(file: Path) -> str:
    """Return what sysfs says, one line without control characters, "" for nothing."""
    try:
        with file.open("rb") as stream:
            text = stream.read(4 * _MAX_TEXT).decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "".join(letter for letter in text.strip() if letter.isprintable())[:_MAX_TEXT]


def _usb_device(folder: Path, sysfs: Path) -> Path | None:
    """Return the folder of the USB device that a video node belongs to."""
    top = sysfs.resolve()
    for place in folder.resolve().parents:
        if place == top or top not in place.parents:
            return None
        if (place / "idVendor").is_file() and (place / "idProduct").is_file():
            return place
    return None


def _usb_id(usb: Path | None, name: str) -> str:
    value = "" if usb is None else _attribute(usb / name).casefold()
    return value if _USB_ID.fullmatch(value) else ""


def _place(folder: Path, sysfs: Path) -> str:
    """Return where the device hangs: controller, then the chain of USB ports, without the number of the bus, which
    depends on the order of starting: "pci-0000:00:14.0-usb-4.1"; as udev's ID_PATH, without the interface."""
    try:
        parts = folder.resolve().relative_to(sysfs.resolve() / "devices").parts
    except ValueError:
        return ""
    parts = parts[: parts.index("video4linux")] if "video4linux" in parts else parts
    ports = [part.partition("-")[2] for part in parts if re.fullmatch(r"\d+-[\d.]+", part)]
    before = [part for part in parts if not re.match(r"(usb\d+$|\d+-[\d.]+(:|$))", part)]
    if not ports:
        return "/".join(before)[-_MAX_TEXT:]
    # "0000:00:14.0" hangs on "pci0000:00"; a platform's controller stands for itself
    bus = "pci-" if re.fullmatch(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]", before[-1]) else ""
    return f"{bus}{before[-1]}-usb-{ports[-1]}"[-_MAX_TEXT:]


# -- elsewhere ---------------------------------------------------------------------------------------


def _other_device(index: int, names: Sequence[str], devices: Sequence[WindowsCamera]) -> CameraInfo:
    """Without a sure way from index to name, one virtual camera on the machine makes every index doubtful, and a device
    is known only where it is the only one."""
    infos = [_named(name) for name in names]
    virtual = next((info for info in infos if not info.physical), None)
    known = [_of_windows(device) for device in devices]
    if virtual is None:
        virtual = next((info for info in known if not info.physical), None)
    if virtual is not None:
        return CameraInfo(kind="device", physical=False, name=virtual.name, index=index, why="listed-virtual")
    only = known[0] if len(known) == 1 else None
    name = names[index] if index < len(names) else ("" if only is None else only.name)
    if only is None:
        return CameraInfo(kind="device", physical=True, name=name, index=index)
    return CameraInfo(
        kind="device",
        physical=True,
        name=name or only.name,
        index=index,
        vid=only.vid,
        pid=only.pid,
        serial=only.serial,
        path=only.path,
        driver=only.driver,
    )


def _named(name: str) -> CameraInfo:
    why = _virtual_by(_table(), name, "")
    return CameraInfo(kind="device", physical=not why, name=name, why=why)


def _of_windows(device: WindowsCamera) -> CameraInfo:
    table = _table()
    why: Why = _virtual_by(table, device.name, device.driver)
    if not why and not device.on_bus:
        why = "no-bus"
    return CameraInfo(
        kind="device",
        physical=not why,
        name=device.name,
        driver=device.driver,
        vid=device.vid,
        pid=device.pid,
        serial=device.serial,
        path=device.path,
        why=why,
    )


def _devices(platform: str) -> tuple[WindowsCamera, ...]:
    return listed_cameras() if platform == "win32" else ()


def installed_names(platform: str) -> tuple[str, ...]:
    """Return the names of cameras that programs registered: DirectShow filters on Windows, none elsewhere."""

    return directshow_names() if platform == "win32" else ()
