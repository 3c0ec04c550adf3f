"""Which cameras Windows lists, from the registry. Best effort: written from Microsoft's documents, never tried on a
Windows machine, and nothing there says which number OpenCV gives to which device.

Sources: device interface classes KSCATEGORY_VIDEO_CAMERA and KSCATEGORY_CAPTURE (Microsoft, "Kernel Streaming"),
"Standard USB identifiers", "Container IDs for USB devices".
"""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

_CLASSES: Final = (
    "{e5323777-f976-4f5b-9b55-b94699c46e44}",  # video camera
    "{65e8773d-8f56-11d0-a3b9-00a0c9223196}",  # capture
)
_INTERFACES: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\DeviceClasses"
_ENUM: Final = r"HKLM\SYSTEM\CurrentControlSet\Enum"
_FILTERS: Final = r"HKCR\CLSID\{860BB310-5D01-11D0-BD3B-00A0C911CE86}\Instance"
_USB: Final = re.compile(r"VID_([0-9A-F]{4})&PID_([0-9A-F]{4})(&MI_\d\d)?$", re.IGNORECASE)
_SOFTWARE_BUSES: Final = frozenset({"ROOT", "SW", "SWD", "VIDEOCAMERA"})
_MAX_DEVICES: Final = 64
_MAX_TEXT: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsCamera:
    """A camera that is there now. `on_bus` False: made by a program ("ROOT", "SWD"). `path`: hub and port."""

    name: str
    driver: str
    on_bus: bool
    vid: str = ""
    pid: str = ""
    serial: str = field(default="", repr=False)
    path: str = ""


class Registry(Protocol):
    """What is read; a path begins with HKLM or HKCR."""

    def keys(self, path: str) -> Sequence[str]:
        """Return the names of the keys below; none where there is no such key."""

    def value(self, path: str, name: str) -> str:
        """Return a value as text, "" where there is none."""


def listed_cameras(registry: Registry | None = None) -> tuple[WindowsCamera, ...]:
    """Return the cameras that are plugged in, as far as the registry says; nothing on other systems."""
    registry = _machine() if registry is None else registry
    if registry is None:
        return ()
    instances = dict.fromkeys(_present(registry))
    return tuple(_camera(registry, instance) for instance in list(instances)[:_MAX_DEVICES])


def directshow_names(registry: Registry | None = None) -> tuple[str, ...]:
    """Return the names of the DirectShow filters that show themselves as cameras: most virtual cameras do."""
    registry = _machine() if registry is None else registry
    if registry is None:
        return ()
    names = [registry.value(rf"{_FILTERS}\{key}", "FriendlyName") for key in registry.keys(_FILTERS)]
    return tuple(name[:_MAX_TEXT] for name in names[:_MAX_DEVICES] if name)


def _present(registry: Registry) -> Iterator[str]:
    r"""Yield the device instances ("USB\VID_046D&PID_082D&MI_00\6&2a8e5b&0&0000") whose interface is open."""
    for category in _CLASSES:
        for key in registry.keys(rf"{_INTERFACES}\{category}"):
            parts = key.removeprefix("##?#").split("#")
            linked = any(
                registry.value(rf"{_INTERFACES}\{category}\{key}\{reference}\Control", "Linked") == "1"
                for reference in registry.keys(rf"{_INTERFACES}\{category}\{key}")
            )
            if len(parts) >= 3 and linked:
                yield "\\".join(parts[:3]).upper()


def _camera(registry: Registry, instance: str) -> WindowsCamera:
    bus, device, own = instance.split("\\")
    here = rf"{_ENUM}\{instance}"
    name = registry.value(here, "FriendlyName") or registry.value(here, "DeviceDesc").rpartition(";")[2]
    usb = _USB.match(device)
    on_bus = bus not in _SOFTWARE_BUSES
    driver = registry.value(here, "Service")[:_MAX_TEXT]
    if usb is None:
        return WindowsCamera(name=name[:_MAX_TEXT], driver=driver, on_bus=on_bus)
    whole = _whole(registry, device, here) if usb[3] else (own, here)
    number, place = whole if whole is not None else ("", here)
    return WindowsCamera(
        name=name[:_MAX_TEXT],
        driver=driver,
        on_bus=on_bus,
        vid=usb[1].casefold(),
        pid=usb[2].casefold(),
        serial=""
        if "&" in number
        else number[:_MAX_TEXT],  # Windows makes one up with "&" where there is none
        path=registry.value(place, "LocationInformation")[:_MAX_TEXT],
    )


def _whole(registry: Registry, part: str, here: str) -> tuple[str, str] | None:
    """Return instance and place of the device that an interface ("…&MI_00") is a part of: same container."""
    container = registry.value(here, "ContainerID")
    home = rf"{_ENUM}\USB\{part.rpartition('&')[0]}"
    for number in registry.keys(home):
        if container and registry.value(rf"{home}\{number}", "ContainerID") == container:
            return number, rf"{home}\{number}"
    return None


def _machine() -> Registry | None:
    return _WindowsRegistry() if sys.platform == "win32" else None


class _WindowsRegistry:
    """The machine's own registry, read only."""

    def keys(self, path: str) -> Sequence[str]:
        names: list[str] = []
        if sys.platform == "win32":
            import winreg  # noqa: PLC0415  (Windows only)

            root, _, below = path.partition("\\")
            hive = winreg.HKEY_CLASSES_ROOT if root == "HKCR" else winreg.HKEY_LOCAL_MACHINE
            with suppress(OSError), winreg.OpenKey(hive, below) as key:
                names = [winreg.EnumKey(key, number) for number in range(winreg.QueryInfoKey(key)[0])]
        return names

    def value(self, path: str, name: str) -> str:
        if sys.platform == "win32":
            import winreg  # noqa: PLC0415  (Windows only)

            root, _, below = path.partition("\\")
            hive = winreg.HKEY_CLASSES_ROOT if root == "HKCR" else winreg.HKEY_LOCAL_MACHINE
            with suppress(OSError), winreg.OpenKey(hive, below) as key:
                return str(winreg.QueryValueEx(key, name)[0])
        return ""
