"""Which physical cameras a station allows: by vendor and product, serial number, place."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Self

from biometrics.camera_errors import CameraNotAllowedError, CameraSpecError
from biometrics.camera_info import CameraInfo
from biometrics.errors import CameraGoneError, RecordedCameraError

Match = Literal["model", "serial", "port"]
ANY: Final = "any"
_TEXT: Final = re.compile(
    r"(?:(?P<vid>[0-9a-f]{4}):(?P<pid>[0-9a-f]{4})(?::(?P<serial>[^@]{1,128}))?)?(?:@(?P<path>.{1,128}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedCamera:
    """One rule of the list: a field that is empty is not looked at; all empty: any physical camera. `name` decides
    nothing: it tells people which camera was meant."""

    vid: str = ""
    pid: str = ""
    serial: str = field(default="", repr=False)
    path: str = ""
    name: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what VID:PID[:SERIAL][@PATH] or "any" means. Raises CameraSpecError."""
        if text == ANY:
            return cls()
        found = _TEXT.fullmatch(text)
        if found is None or not text or not text.isprintable():
            raise CameraSpecError(why="form")
        parts = {name: value or "" for name, value in found.groupdict().items()}
        return cls(
            vid=parts["vid"].casefold(),
            pid=parts["pid"].casefold(),
            serial=parts["serial"],
            path=parts["path"],
        )

    @classmethod
    def of_device(cls, info: CameraInfo, by: Match | None = None) -> Self:
        """Return the rule for a device that is there: by its serial number where it has one, else by its port.

        Raises CameraSpecError where the system does not say what `by` asks for.
        """
        by = by or ("serial" if info.serial else "port")
        wanted = {"model": info.vid, "serial": info.serial, "port": info.path}[by]
        if not wanted:
            raise CameraSpecError(why=f"no-{by}")
        return cls(
            vid=info.vid,
            pid=info.pid,
            serial=info.serial if by == "serial" else "",
            path=info.path if by == "port" else "",
            name=info.name,
        )

    @property
    def spec(self) -> str:
        """The rule as text, which `parse` takes."""
        model = f"{self.vid}:{self.pid}" if self.vid else ""
        serial = f":{self.serial}" if self.serial else ""
        return f"{model}{serial}{f'@{self.path}' if self.path else ''}" or ANY

    def allows(self, info: CameraInfo) -> bool:
        """Whether a device is what the rule says."""
        asked = (
            (self.vid, info.vid), (self.pid, info.pid), (self.serial, info.serial), (self.path, info.path),
        )  # fmt: skip
        return all(not wanted or wanted == found for wanted, found in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedCameras:
    """What a station allows. `begun` False: nobody ever made a list, any physical camera may be used."""

    begun: bool = False
    cameras: tuple[AllowedCamera, ...] = ()

    @property
    def any_physical(self) -> bool:
        """Whether every physical camera may be used."""
        return not self.begun or AllowedCamera() in self.cameras

    def rule_for(self, info: CameraInfo) -> AllowedCamera | None:
        """Return the first rule that lets a device in, or None."""
        return next((rule for rule in self.cameras if rule.allows(info)), None)


EVERY_PHYSICAL: Final = AllowedCameras()


def require_physical(info: CameraInfo) -> CameraInfo:
    """Return a camera that is there and no program, file or stream. Raises RecordedCameraError, CameraGoneError."""
    if not info.physical and (info.present or info.kind != "device"):
        raise RecordedCameraError(kind=info.kind, driver=info.driver)
    if not info.present:
        raise CameraGoneError(reason="absent", kind=info.kind)
    return info


def require_allowed(info: CameraInfo, allowed: AllowedCameras) -> CameraInfo:
    """Return a physical camera that the list lets in.

    Raises RecordedCameraError, CameraGoneError as `require_physical`; CameraNotAllowedError with the ids of the
    device, `why` "unknown" where the system does not say which device has this number.
    """
    require_physical(info)
    if allowed.any_physical or allowed.rule_for(info) is not None:
        return info
    known = bool(info.vid or info.path)
    raise CameraNotAllowedError(
        why="other" if known else "unknown", vid=info.vid, pid=info.pid, path=info.path, name=info.name[:64]
    )


def camera_facts(info: CameraInfo) -> Mapping[str, str | int]:
    """Return what the record says of a camera. The serial number only as the beginning of its SHA-256: enough to tell
    two cameras apart, and to find one again."""
    facts: dict[str, str | int] = {"camera_kind": info.kind}
    digest = hashlib.sha256(info.serial.encode()).hexdigest()[:16] if info.serial else ""
    named = {
        "camera_vid": info.vid, "camera_pid": info.pid, "camera_serial_sha256": digest, "camera_path": info.path,
        "camera_name": info.name[:64], "camera_driver": info.driver[:64],
    }  # fmt: skip
    facts |= {name: value for name, value in named.items() if value}
    if info.index is not None:
        facts["camera_number"] = info.index
    return facts
