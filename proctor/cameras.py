"""The cameras of a station: which it allows, by its log; and what became of one in the middle of the work.

The list is `key` entries with the event "camera", each by two persons; the newest entry of each rule decides. Without
any such entry every physical camera may be used; a training session takes any source.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from biometrics.camera import Camera, open_camera
from biometrics.camera_allow import (
    EVERY_PHYSICAL,
    AllowedCamera,
    AllowedCameras,
    camera_facts,
    require_allowed,
)
from biometrics.camera_info import CameraInfo, classify
from biometrics.camera_watch import CameraEvent, CameraWatch, State
from biometrics.notice import NoticeShown
from sessions.closing import is_closed
from sessions.files import write_private
from sessions.reader import LogReader
from sessions.record import STATION, Operator, Second
from sessions.store import Store

NOTE: Final = "cameras.note"
EVENT: Final = "camera"
KIND: Final = "camera"
SCANNING: Final = "scanning"
"""The event of a camera that looks for QR codes between attempts."""
_ON, _OFF = "on", "off"
_FIELDS: Final = ("vid", "pid", "serial", "path")
_STATES: Final[Mapping[str, State]] = {"gone": "gone", "frozen": "frozen"}
_PREFIX: Final = "camera_"

__all__ = ["CameraDesk", "allow", "allowed_cameras", "camera_facts", "disallow", "require_allowed"]


class Log(Protocol):
    """The log, as far as the list needs it."""

    def entries(self, kind: str) -> Iterable[Any]:
        """Return the entries of a kind, oldest first."""


def allowed_cameras(log: Log) -> AllowedCameras:
    """Return which cameras the log allows. A list once begun stays one: the last rule's removal leaves none."""
    rules: dict[AllowedCamera, AllowedCamera] = {}
    begun = False
    for body in _events(log):
        begun = True
        rule = _rule(body["camera"])
        rules.pop(rule, None)
        if body["state"] == _ON:
            rules[rule] = rule
    return AllowedCameras(begun=begun, cameras=tuple(rules)) if begun else EVERY_PHYSICAL


def allow(store: Store, rule: AllowedCamera, *, operator: Operator, second: Second) -> int:
    """Enter, by two persons, that a camera may be used; return the entry's number."""
    return _enter(store, rule, _ON, operator, second)


def disallow(store: Store, rule: AllowedCamera, *, operator: Operator, second: Second) -> int:
    """Enter, by two persons, that a rule does not hold any more; return the entry's number."""
    return _enter(store, rule, _OFF, operator, second)


def list_state(allowed: AllowedCameras) -> str:
    """Return how a list stands: "none" was made, it allows "any" physical camera, those "listed", or is "empty"."""
    if not allowed.begun:
        return "none"
    if allowed.any_physical:
        return "any"
    return "listed" if allowed.cameras else "empty"


def note_list(folder: Path, allowed: AllowedCameras) -> None:
    """Note beside the log how its list stands, for `proctor doctor`, which opens no log. Nothing is decided by it."""
    with suppress(OSError):
        write_private(folder / NOTE, f"{list_state(allowed)}\n".encode())


def noted_list(folder: Path) -> str:
    """Return what was noted; "none" where nothing was: a list is only made with the note."""
    try:
        with (folder / NOTE).open("rb") as file:
            noted = file.read(16).decode("ascii", "replace").strip()
    except OSError:
        return "none"
    return noted if noted in {"any", "listed", "empty"} else "none"


def rule_json(rule: AllowedCamera) -> dict[str, str]:
    """Return a rule as the log and `--json` write it."""
    return {**{name: getattr(rule, name) for name in _FIELDS}, "name": rule.name}


def _enter(store: Store, rule: AllowedCamera, state: str, operator: Operator, second: Second) -> int:
    body = {"event": EVENT, "camera": rule_json(rule), "state": state}
    return store.append("key", body, operator=operator, second=second).seq


def _events(log: Log) -> Iterator[Mapping[str, Any]]:
    for entry in log.entries("key"):
        if entry.body.get("event") == EVENT:
            yield entry.body


def _rule(camera: Mapping[str, Any]) -> AllowedCamera:
    """Return the rule of an entry; what a newer program adds to it is passed over, what is no text counts as unknown
    and lets no camera in."""
    texts = {name: camera.get(name, "") for name in (*_FIELDS, "name")}
    return AllowedCamera(**{name: value if isinstance(value, str) else "?" for name, value in texts.items()})


# -- at work -----------------------------------------------------------------------------------------


class CameraDesk:
    """Opens the cameras of a station for one session, and enters what becomes of them.

    Events wait until `enter`, which is called where the log may be written: after an attempt, and while nobody is at
    the desk.
    """

    def __init__(
        self,
        store: Store,
        *,
        training: bool,
        session_id: str | None = None,
        look: Callable[[str], CameraInfo] = classify,
    ) -> None:
        """`session_id`: whose entries they will be, while it is open; `look`: what a specification means now."""
        self._store = store
        self._training = training
        self._session = session_id
        self._look = look
        self._waiting: deque[tuple[CameraEvent, CameraInfo]] = deque()
        self._watches: dict[int, CameraWatch] = {}

    def open(self, spec: str) -> Camera:
        """Return the camera, switched off. Raises RecordedCameraError, CameraNotAllowedError, CameraGoneError."""
        info = self._look(spec)
        allowed = EVERY_PHYSICAL if self._training else allowed_cameras(self._store)
        watch = self._watch(spec, info)
        if watch is not None and not info.present:
            watch.absent(info)
        return open_camera(spec, allow_recorded=self._training, info=info, allowed=allowed, watch=watch)

    def scanning(self, spec: str, notice: NoticeShown) -> int:
        """Enter that this camera looks for QR codes between attempts, under which notice; return the entry's number.
        Raises StoreError, SessionClosedError."""
        body: dict[str, Any] = {
            "event": SCANNING,
            "camera": _described(self._look(spec)),
            "notice": {"version": notice.version, "sha256": notice.sha256},
        }
        if self._session is not None:
            body["session"] = self._session
        return self._store.append(KIND, body, operator=STATION).seq

    def enter(self) -> tuple[int, ...]:
        """Enter what happened since the last call; return the numbers of the entries. Raises StoreError: then what is
        left waits for the next call."""
        written: list[int] = []
        while self._waiting:
            event, info = self._waiting[0]
            body: dict[str, Any] = {"event": event, "camera": _described(info)}
            if self._session is not None and not is_closed(self._store, self._session):
                body["session"] = self._session
            written.append(self._store.append(KIND, body, operator=STATION).seq)
            self._waiting.popleft()
        return tuple(written)

    def _watch(self, spec: str, info: CameraInfo) -> CameraWatch | None:
        """Return what watches a device's number; a virtual camera of a training session may stand still."""
        if info.index is None or (self._training and info.present and not info.physical):
            return None
        watch = self._watches.get(info.index)
        if watch is None:
            state, known = (
                ("good", None) if self._session is None else _last(self._store, self._session, info.index)
            )
            watch = CameraWatch(
                look=lambda: self._look(spec),
                on_event=lambda event, found: self._waiting.append((event, found)),
                require=self._require,
                known=known,
                state=state,
            )
            self._watches[info.index] = watch
        return watch

    def _require(self, info: CameraInfo) -> CameraInfo:
        return info if self._training else require_allowed(info, allowed_cameras(self._store))


def _described(info: CameraInfo) -> dict[str, str | int]:
    return {name.removeprefix(_PREFIX): value for name, value in camera_facts(info).items()}


def _last(log: LogReader, session_id: str, number: int) -> tuple[State, Mapping[str, str | int] | None]:
    """Return how a camera stood at the end of what the log says of it in this session, and what it was: another program
    may have seen it before this one."""
    state: State = "good"
    known: Mapping[str, str | int] | None = None
    for entry in log.entries(session=session_id):
        facts = _facts_of(entry.kind, entry.body)
        if entry.body.get("session") != session_id or facts.get("camera_number") != number:
            continue
        known = _identity(facts) or known
        if entry.kind == KIND and entry.body["event"] != SCANNING:
            state = _STATES.get(entry.body["event"], "good")
    return state, known


def _facts_of(kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an entry says of a camera."""
    if kind == KIND:
        return {f"{_PREFIX}{name}": value for name, value in body["camera"].items()}
    if kind == "attempt":
        facts = body.get("checks", {}).get("face-capture", {}).get("facts", {})
        return facts if isinstance(facts, Mapping) else {}
    return {}


def _identity(facts: Mapping[str, Any]) -> Mapping[str, str | int] | None:
    names = ("camera_vid", "camera_pid", "camera_serial_sha256", "camera_path", "camera_name")
    return {name: facts[name] for name in names if name in facts} or None
