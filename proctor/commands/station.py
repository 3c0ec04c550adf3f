"""`proctor` and `proctor station`, `proctor doctor`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor import __version__
from proctor.commands.context import Context
from proctor.config import TRAINING_SESSION_PREFIX
from proctor.station_process import NO_DISPLAY, NO_TK, has_display, keep_open, start

if TYPE_CHECKING:
    from proctor.doctor import Item


def doctor(context: Context) -> int:
    """Examine the machine, and with --record write what was found into the log. Exit 0 when a session could be held:
    a real one, or with --training one of training.
    """
    items = _examine(context)
    if context.options.record:
        from proctor.commands import day  # noqa: PLC0415

        return day.record(context, items)
    ok = _ready(items)
    rows = [
        {"name": i.name, "ok": i.ok, "needed": i.needed, "detail": i.detail, "advice": i.advice}
        for i in items
    ]
    context.result({"ok": ok, "items": rows}, tuple(_lines(context, items)))
    return 0 if ok else 1


def station(context: Context) -> int:
    """Open the station's window where there is a display; without one, or with --json, say where the station stands.

    A station whose trust store was changed does not open."""
    if context.options.json or not has_display(os.environ):
        return report(context)
    if _altered(context.places.real):
        return report(context)
    status = keep_open(_order(context), context.places.home, run=context.start_window or start)
    if status not in {NO_DISPLAY, NO_TK}:
        return status
    context.say("window.station.no-tk" if status == NO_TK else "window.station.no-display")
    return report(context)


def _altered(path: Path) -> bool:
    """Whether the trust store of a real root was changed outside the station."""
    if not (path / "root.toml").exists():
        return False
    from proctor.trusting import open_trust_read_only  # noqa: PLC0415 - a station that is not made has none
    from readers.emrtd.pki.errors import TrustStoreAlteredError  # noqa: PLC0415
    from readers.errors import ReaderError  # noqa: PLC0415
    from sessions.errors import SessionsError  # noqa: PLC0415
    from sessions.root import DataRoot  # noqa: PLC0415

    try:
        open_trust_read_only(DataRoot.open(path))
    except TrustStoreAlteredError:
        return True
    except (ReaderError, SessionsError, OSError):
        return False  # the window says what is wrong with it
    return False


def _order(context: Context) -> dict[str, Any]:
    """What the window's process is to show. Nothing secret: processes can be listed."""
    options = context.options
    desk = {
        name: getattr(options, name, None) or ""
        for name in ("reader", "camera", "scanner", "candidate_screen")
    }
    return {
        "language": context.texts.language if options.lang or os.environ.get("PROCTOR_LANG") else "",
        "root": None if context.places.root is None else str(context.places.root),
        "desk": desk
        | {
            "sounds": not getattr(options, "quiet", False),
            "scan_by_camera": bool(getattr(options, "scan_by_camera", False)),
        },
    }


def report(context: Context) -> int:
    """Say where the station stands and how to go on.

    Exit 1 when somebody changed what the station stands on: then it does not start."""
    items = _examine(context)
    say = context.texts.say
    lines = [say("station.title", version=__version__)]
    lines += [say("station.ready")] if _ready(items) else [say("station.missing")]
    lines += _lines(context, tuple(item for item in items if item.needed and not item.ok))
    stopped = [item.name for item in items if item.stops]
    lines += [say("station.stopped")] if stopped else [say("station.training")]
    context.result({"ok": not stopped, "ready": _ready(items), "stopped": stopped}, tuple(lines))
    return 1 if stopped else 0


def _examine(context: Context) -> "tuple[Item, ...]":
    """Look at everything, in the root that is meant. Loaded here: the window's parent stays small."""
    from proctor.doctor import examine  # noqa: PLC0415

    options = context.options
    session = getattr(options, "session", None) or ""
    training = getattr(options, "training", False) or session.startswith(TRAINING_SESSION_PREFIX)
    return examine(context.places, context.texts, training=training)


def _ready(items: "tuple[Item, ...]") -> bool:
    return all(item.ok for item in items if item.needed)


def _lines(context: Context, items: "tuple[Item, ...]") -> list[str]:
    say = context.texts.say
    lines = []
    for item in items:
        state = say("doctor.ok") if item.ok else say("doctor.bad")
        detail = f": {item.detail}" if item.detail else ""
        lines.append(f"  [{state}] {say(f'doctor.{item.name}')}{detail}")
        if item.advice:
            lines.append(f"      → {item.advice}")
    return lines
