"""What a camera specification means, and whether a physical camera stands behind it.

On Linux the kernel says so (sysfs); elsewhere only the names of the installed cameras are known.
"""

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from biometrics.tables import read_table

Kind = Literal["device", "file", "sequence", "url", "memory"]
SYSFS = Path("/sys")
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".jp2"})
_URL = re.compile(r"^(https?|rtsp)://", re.IGNORECASE)
_DEVICE = re.compile(r"^/dev/video(\d+)$")
_FAKE_BUSES = ("dummy_hcd", "dummy_udc", "vhci_hcd", "usbip")
_PATTERN = re.compile(r"%0?\d*d")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraInfo:
    """`physical`: a camera of its own, no program, file or stream. `index`: the device number, if any."""

    kind: Kind
    physical: bool
    name: str = ""
    driver: str = ""
    index: int | None = None
    present: bool = True


def classify(
    spec: str,
    *,
    sysfs: Path = SYSFS,
    platform: str = sys.platform,
    list_names: Callable[[], Sequence[str]] | None = None,
) -> CameraInfo:
    """Say what `spec` means: an index, /dev/videoN or a link to it, a file, a folder or %04d pattern, a URL.

    Opens nothing. `list_names`: the names of the cameras, for systems without sysfs.
    """
    if _URL.match(spec):
        return CameraInfo(kind="url", physical=False)
    index = device_index(spec)
    if index is None:
        return _recording(spec)
    if platform.startswith("linux"):
        return _linux_device(index, sysfs)
    return _other_device(index, list_names or (lambda: installed_names(platform)))


def installed_cameras(*, sysfs: Path = SYSFS, platform: str = sys.platform) -> tuple[CameraInfo, ...]:
    """Return the cameras the system lists, by number; opens nothing. On Linux only, elsewhere virtual ones."""
    if platform.startswith("linux"):
        found = (
            _DEVICE.match(f"/dev/{place.name}") for place in (sysfs / "class" / "video4linux").glob("video*")
        )
        return tuple(
            _linux_device(number, sysfs) for number in sorted(int(match[1]) for match in found if match)
        )
    return tuple(
        CameraInfo(kind="device", physical=not is_virtual(name, ""), name=name)
        for name in installed_names(platform)
    )


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
        return CameraInfo(kind="sequence", physical=False)
    return CameraInfo(kind="file", physical=False, present=exists)


def is_virtual(name: str, driver: str) -> bool:
    """Say whether a name or a driver belongs to a camera that shows what a program gives it."""
    table, _ = read_table("virtual_cameras", {"source": str, "drivers": list, "names": list})
    words = f" {' '.join(re.findall('[a-z0-9]+', name.casefold()))} "
    return driver.casefold() in table["drivers"] or any(f" {term} " in words for term in table["names"])


def _linux_device(index: int, sysfs: Path) -> CameraInfo:
    folder = sysfs / "class" / "video4linux" / f"video{index}"
    if not folder.exists():
        return CameraInfo(kind="device", physical=False, index=index, present=False)
    try:
        name = (folder / "name").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = ""
    link = folder / "device" / "driver"
    driver = link.resolve().name if link.exists() else ""
    # A camera hangs on a bus through its driver; v4l2loopback's devices have neither.
    # USB controllers that only a program stands behind (dummy_hcd, USB over IP) have a driver, but no bus of their own.
    place = str(folder.resolve())
    on_bus = bool(driver) and "/virtual/" not in place and not any(name in place for name in _FAKE_BUSES)
    return CameraInfo(
        kind="device", physical=on_bus and not is_virtual(name, driver), name=name, driver=driver, index=index
    )


def _other_device(index: int, list_names: Callable[[], Sequence[str]]) -> CameraInfo:
    """Without a sure way from index to name, one virtual camera on the machine makes every index doubtful."""
    names = list_names()
    virtual = [name for name in names if is_virtual(name, "")]
    name = virtual[0] if virtual else (names[index] if index < len(names) else "")
    return CameraInfo(kind="device", physical=not virtual, name=name, index=index)


def installed_names(platform: str) -> tuple[str, ...]:
    """Return the names of cameras the system lists: DirectShow filters on Windows, none elsewhere."""
    return _directshow_names() if platform == "win32" else ()


def _directshow_names() -> tuple[str, ...]:
    names: list[str] = []
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415  (Windows only)

        path = r"CLSID\{860BB310-5D01-11D0-BD3B-00A0C911CE86}\Instance"
        with suppress(OSError), winreg.OpenKey(winreg.HKEY_CLASSES_ROOT, path) as key:
            for number in range(winreg.QueryInfoKey(key)[0]):
                with winreg.OpenKey(key, winreg.EnumKey(key, number)) as instance:
                    names.append(str(winreg.QueryValueEx(instance, "FriendlyName")[0]))
    return tuple(names)
