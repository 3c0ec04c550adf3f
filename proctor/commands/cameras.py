"""`proctor camera …`: what is plugged in, and which cameras the station allows. Two persons change the list."""

import sys
from typing import Any

from biometrics.camera_allow import EVERY_PHYSICAL, AllowedCamera, AllowedCameras
from biometrics.camera_info import CameraInfo, classify, device_index, installed_cameras
from biometrics.errors import BiometricsError
from proctor.cameras import allow, allowed_cameras, disallow, list_state, note_list, rule_json
from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.errors import CommandError
from proctor.roots import OpenRoot, kind_at, require_another_user, second_person
from sessions.record import Second
from sessions.roles import require_may


def listing(context: Context) -> int:
    """List what is plugged in and what the list says of it. Exit 1 where no camera may be used in a real session."""
    found = installed_cameras()
    known = _known(context)
    rules = EVERY_PHYSICAL if known is None else known
    rows = [_row(info, rules) for info in found]
    data = {
        "ok": any(row["allowed"] for row in rows),
        "system": _system(),
        "cameras": rows,
        "list": "unread" if known is None else list_state(known),
        "rules": [{"spec": rule.spec, **rule_json(rule)} for rule in rules.cameras],
    }
    context.result(data, tuple(_lines(context, data)))
    return 0 if data["ok"] else 1


def allow_camera(context: Context) -> int:
    """Enter that a camera may be used; what it is, is shown before the second person's password."""
    rule = _rule(context)
    with open_for(context, training=_training(context), login=True) as opened:
        require_may(opened.require_login().operator, "trust")
        new = rule not in allowed_cameras(opened.store).cameras
        entry = None
        if new:
            word = "camera.confirm" if rule != AllowedCamera() else "camera.confirm-any"
            second = _second(context, opened, word, rule)
            entry = allow(opened.store, rule, operator=opened.require_login().operator, second=second)
        note_list(opened.root.path, allowed_cameras(opened.store))
    said = [context.texts.say("camera.now-allowed" if new else "camera.already-allowed", spec=rule.spec)]
    if rule.vid and not rule.serial:
        said.append(context.texts.say("camera.port-only" if rule.path else "camera.model-only"))
    data = {"ok": True, "spec": rule.spec, "camera": rule_json(rule), "new": new, "entry": entry}
    context.result(data, tuple(said))
    return 0


def remove_camera(context: Context) -> int:
    """Enter that a rule of the list does not hold any more."""
    with open_for(context, training=_training(context), login=True) as opened:
        require_may(opened.require_login().operator, "trust")
        known = allowed_cameras(opened.store)
        rule = _on_the_list(context, known)
        second = _second(context, opened, "camera.confirm-remove", rule)
        entry = disallow(opened.store, rule, operator=opened.require_login().operator, second=second)
        left = allowed_cameras(opened.store)
        note_list(opened.root.path, left)
    said = [context.texts.say("camera.now-removed", spec=rule.spec)]
    if not left.cameras:
        said.append(context.texts.say("camera.list-empty"))
    data = {
        "ok": True,
        "spec": rule.spec,
        "camera": rule_json(rule),
        "entry": entry,
        "left": len(left.cameras),
    }
    context.result(data, tuple(said))
    return 0


def _rule(context: Context) -> AllowedCamera:
    """Return what the options name: a device that is there, or a rule in words."""
    spec, way = context.options.spec.strip(), context.options.match
    try:
        if device_index(spec) is None:
            if way is not None:
                raise CommandError("camera-spec-invalid", usage=True)
            return AllowedCamera.parse(spec)
        return AllowedCamera.of_device(_device(spec), way)
    except BiometricsError as error:
        raise CommandError.of(error.code, error.facts) from None


def _device(spec: str) -> CameraInfo:
    """Return the device of a number. A virtual one is refused here already: it would be refused at every check-in."""
    info = classify(spec)
    if not info.present:
        raise CommandError("camera-unknown", usage=True, camera=spec[:80])
    if not info.physical:
        raise CommandError("camera-not-physical")
    return info


def _on_the_list(context: Context, known: AllowedCameras) -> AllowedCamera:
    """Return the rule that a text or a device means. Raises CommandError "camera-rule-unknown"."""
    spec = context.options.spec.strip()
    wanted = next((rule for rule in known.cameras if rule.spec.casefold() == spec.casefold()), None)
    if wanted is None and device_index(spec) is not None:
        wanted = _narrowest(known, classify(spec), spec)
    if wanted is None:
        raise CommandError("camera-rule-unknown", spec=spec[:160])
    return wanted


def _narrowest(known: AllowedCameras, info: CameraInfo, spec: str) -> AllowedCamera | None:
    """Return the rule that names a device most exactly; never "any", which has to be called by that name. Raises
    CommandError "camera-unknown" for a device that is not there: what it is, nobody knows then."""
    if not info.present:
        raise CommandError("camera-unknown", usage=True, camera=spec[:80])
    fitting = [rule for rule in known.cameras if rule != AllowedCamera() and rule.allows(info)]
    return max(fitting, key=lambda rule: len(rule.spec), default=None)


def _second(context: Context, opened: OpenRoot, word: str, rule: AllowedCamera) -> Second:
    require_another_user(opened, context.options.second)
    named = f"{rule.spec} {rule.name}".rstrip()
    context.say(word, second=context.options.second, spec=named)
    return second_person(opened, context.options.second, context.ask, action="trust")


def _training(context: Context) -> bool:
    return context.options.training or kind_at(context.places.real) == "training"


def _known(context: Context) -> AllowedCameras | None:
    """Return the station's list; None where there is no station, or nobody wants to look."""
    training = _training(context)
    root = context.places.training if training else context.places.real
    if context.options.devices_only or kind_at(root) is None:
        return None
    with open_for(context, training=training, login=False) as opened:
        known = allowed_cameras(opened.store)
        note_list(opened.root.path, known)
        return known


def _system(platform: str = sys.platform) -> str:
    """Return how much this system tells of its cameras."""
    if platform.startswith("linux"):
        return "linux"
    return "windows" if platform == "win32" else "blind"


def _row(info: CameraInfo, rules: AllowedCameras) -> dict[str, Any]:
    allowed = info.physical and (rules.any_physical or rules.rule_for(info) is not None)
    names = ("name", "driver", "vid", "pid", "serial", "path", "physical", "why")
    return {"number": info.index, **{name: getattr(info, name) for name in names}, "allowed": allowed}


def _lines(context: Context, data: dict[str, Any]) -> list[str]:
    say = context.texts.say
    lines = [_line(context, row) for row in data["cameras"]]
    if not lines:
        lines.append(say("camera.blind" if data["system"] == "blind" else "camera.none"))
    if data["system"] == "windows" and len(lines) > 1:
        lines.append(say("camera.windows"))
    if data["list"] != "listed":
        return [*lines, say(f"camera.list-{data['list']}")]
    rules = [say("camera.rule", spec=f"{rule['spec']}  {rule['name']}".rstrip()) for rule in data["rules"]]
    return [*lines, say("camera.rules"), *rules]


def _line(context: Context, row: dict[str, Any]) -> str:
    say = context.texts.say
    words = say("camera.allowed") if row["allowed"] else say("camera.refused")
    if not row["physical"]:
        words = say("camera.virtual", why=say(f"camera.why.{row['why']}"))
    model = ":".join(part for part in (row["vid"], row["pid"], row["serial"]) if part)
    return say(
        "camera.row",
        number=say("camera.no-number") if row["number"] is None else row["number"],
        name=row["name"] or "?",
        model=model or "–",
        place=row["path"] or "–",
        words=words,
    )
