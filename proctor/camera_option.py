"""What stands behind `--camera`: looked at before anything begins, so that a slip of the keyboard is no attempt."""

import argparse
from importlib import import_module
from pathlib import Path

from biometrics.camera_info import classify, device_index
from biometrics.errors import BiometricsError
from proctor.errors import CommandError

_OPTIONS = ("camera", "second_camera")
SCENE = "scene:"


def require_cameras(options: argparse.Namespace) -> None:
    """Raise CommandError "camera-unknown" where a camera is neither a number, an address nor anything that is there,
    "scene-unknown" with what there is for a scene that is none."""
    for name in _OPTIONS:
        spec = getattr(options, name, None)
        if isinstance(spec, str) and spec.startswith(SCENE):
            _require_scene(spec)
            continue
        if isinstance(spec, str) and spec.strip() and not _could_be(spec):
            raise CommandError("camera-unknown", usage=True, camera=Path(spec).name[:80])


def _require_scene(spec: str) -> None:
    scenes = import_module("proctor.scenes")
    try:
        scenes.require_scene(spec)
    except BiometricsError as error:
        why = str(error.facts.get("defect", ""))
        choices = ", ".join(scenes.choices_of(why))
        raise CommandError(error.code, usage=True, why=why, choices=choices) from None


def _could_be(spec: str) -> bool:
    """Whether a device, an address, a file, a folder or a pattern in a folder that is there is meant."""
    if device_index(spec) is not None:
        return True
    found = classify(spec)
    if found.kind == "sequence":
        return Path(spec).is_dir() or Path(spec).parent.is_dir()
    return found.present
