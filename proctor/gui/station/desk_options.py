"""What this station's desk has, as `proctor station` was told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskOptions:
    """As `proctor check-in` takes them; "" is the usual: any reader, camera 0, no scanner, no candidate's screen."""

    reader: str = ""
    camera: str = ""
    scanner: str = ""
    candidate_screen: str = ""
    sounds: bool = True
    scan_by_camera: bool = False
