"""The station's equipment as rows: a sign, plain words, what to do about a fault; and what comes and goes meanwhile.

`examine` looks at everything once, which takes a moment; `Standing` keeps what the threads tell afterwards.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import Event, Lock, Thread
from types import MappingProxyType
from typing import Final, Literal, get_args

from biometrics.camera_info import CameraInfo, classify
from biometrics.errors import RecordedCameraError
from proctor.config import Places
from proctor.desk.cards import NO_READER
from proctor.desk.events import OPENING, Device, DeviceKind, DeviceState
from proctor.desk.events import Event as DeskEvent
from proctor.doctor import FREE_MB, NOT_BEFORE, Item, examine
from proctor.scenes import is_scene
from proctor.texts import Texts
from proctor.witness.cosigning import Outcome as Witnessed
from sessions.errors import SessionsError

Sign = Literal["tick", "warning", "cross"]
KINDS: Final[tuple[DeviceKind, ...]] = get_args(DeviceKind)
WITH_DESK: Final = "screen"
"""Opens with the desk: before that there is nothing to look at."""
LOOK_S: Final = 1.0
ABSENT: Final = "camera-gone"
NO_WITNESS: Final = "witness-unset"
_FROM_DOCTOR: Final[Mapping[str, DeviceKind]] = {
    "disk": "disk",
    "clock": "clock",
    "witnesses": "collector",
}
_USUAL: Final = frozenset({ABSENT, NO_READER})
_NEEDED: Final = frozenset({"reader", "camera", "disk", "clock"})

Post = Callable[[DeskEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentRow:
    """One device: its name in words, how it stands, which one it is, and what to do ("" where nothing is). `opening`:
    it is being made ready, which is no fault, and nothing to tell of when it is done."""

    kind: DeviceKind
    sign: Sign
    name: str
    words: str
    detail: str = ""
    fix: str = ""
    opening: bool = False

    @property
    def good(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self.sign == "tick" or self.opening


def row_of(device: Device, texts: Texts, *, detail: str = "", training: bool = False) -> EquipmentRow:
    """Return the row of a device. What the station can do without has a warning, not a cross; training needs none."""
    good = device.state == "in"
    spared = training or device.kind not in _NEEDED
    fix = "" if good else _fix(device, texts)
    return EquipmentRow(
        kind=device.kind,
        sign="tick" if good else "warning" if spared else "cross",
        name=texts[f"equipment.{device.kind}"],
        words=texts.get(f"equipment.state.{device.code}") or texts[f"equipment.state.{device.state}"],
        detail=detail or device.name,
        fix=fix,
        opening=device.code == OPENING,
    )


def _fix(device: Device, texts: Texts) -> str:
    """What to do: the text of the device's own error, else what usually helps."""
    if device.code in texts and device.code not in _USUAL:
        return texts.say(device.code)
    return texts.say(f"equipment.fix.{device.kind}", need=FREE_MB)


def rows_of_machine(
    places: Places,
    texts: Texts,
    *,
    stands: Mapping[DeviceKind, tuple[Device, str]] = MappingProxyType({}),
    look: Callable[[Places, Texts], tuple[Item, ...]] = examine,
    training: bool = False,
) -> tuple[EquipmentRow, ...]:
    """Return every row for the start page, before any desk is open: takes a second or two, so not in the window's own
    thread. `stands`: how the desk's own devices do (`proctor.desk.looking`); `look`: tells of the rest."""
    items = {_FROM_DOCTOR[item.name]: item for item in look(places, texts) if item.name in _FROM_DOCTOR}
    found = {kind: stands.get(kind) or _of_item(kind, items.get(kind)) for kind in KINDS if kind != WITH_DESK}
    return tuple(row_of(device, texts, detail=detail, training=training) for device, detail in found.values())


def _of_item(kind: DeviceKind, item: Item | None) -> tuple[Device, str]:
    good, detail = (False, "") if item is None else (item.ok, item.detail)
    if kind == "collector" and not detail:  # nothing is set, as with a station that is not made yet
        return Device(kind=kind, state="in" if good else "out", code=NO_WITNESS), ""
    state: DeviceState = "in" if good else "fault" if detail and kind in {"disk", "clock"} else "out"
    return Device(kind=kind, state=state), detail


def camera_fault(info: CameraInfo, *, training: bool) -> str:
    """Return the code of what is wrong with a camera, "" for nothing."""
    if not info.present:
        return ABSENT
    return "" if info.physical or training else RecordedCameraError.code


class Standing:
    """How each kind of device stands, as it was told last. Posts a change once; any thread may tell."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._lock = Lock()
        self._devices: dict[DeviceKind, Device] = {}
        self._details: dict[DeviceKind, str] = {}
        self._desk = OPENING
        self._camera = ""

    @property
    def devices(self) -> tuple[Device, ...]:
        """What was told of, in the order of the kinds."""
        with self._lock:
            return tuple(self._devices[kind] for kind in KINDS if kind in self._devices)

    def tell(self, device: Device, *, detail: str = "") -> None:
        """Keep how a device stands; post it when that is new. `detail`: which one it is, for the rows."""
        with self._lock:
            self._keep(device, detail)

    def _keep(self, device: Device, detail: str) -> None:
        """Called with the lock held, from when it is known how the device stands: changes come in their order."""
        self._details[device.kind] = detail or self._details.get(device.kind, "")
        if self._devices.get(device.kind) != device:
            self._devices[device.kind] = device
            self._post(device)

    def desk(self, code: str) -> None:
        """Tell why the desk is not open yet; "" when it is. The camera is not ready before its desk."""
        self._camera_or_desk(desk=code)

    def camera(self, code: str, detail: str = "") -> None:
        """Tell what is wrong with the camera; "" when nothing is."""
        self._camera_or_desk(camera=code, detail=detail)

    def _camera_or_desk(
        self, *, desk: str | None = None, camera: str | None = None, detail: str = ""
    ) -> None:
        with self._lock:
            self._desk = self._desk if desk is None else desk
            self._camera = self._camera if camera is None else camera
            code = self._camera or self._desk
            state: DeviceState = "in" if not code else "out" if code == ABSENT else "fault"
            self._keep(Device(kind="camera", state=state, code=code), detail)

    def rows(self, texts: Texts, *, training: bool = False) -> tuple[EquipmentRow, ...]:
        """Return a row for each device that was told of."""
        with self._lock:
            told = [
                (self._devices[kind], self._details.get(kind, "")) for kind in KINDS if kind in self._devices
            ]
        return tuple(row_of(device, texts, detail=detail, training=training) for device, detail in told)


class MachineWatch:
    """A thread that looks, once a second, at what no other thread watches: whether the camera is plugged in, the disk
    has room, the clock can be right, and witnesses answer. Opens no device."""

    def __init__(
        self,
        standing: Standing,
        *,
        camera: Callable[[], str],
        training: bool,
        disk_ok: Callable[[], bool],
        witnessed: Callable[[], tuple[Witnessed, ...]] = lambda: (),
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
        look: Callable[[str], CameraInfo] = classify,
        screen: Callable[[], bool] | None = None,
        session: Callable[[], None] = lambda: None,
        every_s: float = LOOK_S,
    ) -> None:
        """`screen`: whether the candidate's stands; None: there is none. `session`: looks whether it goes on."""
        self._screen = screen
        self._session = session
        self._standing = standing
        self._camera = camera
        self._training = training
        self._disk_ok = disk_ok
        self._witnessed = witnessed
        self._today = today
        self._look = look
        self._every_s = every_s
        self._stop = Event()
        self._thread = Thread(target=self._run, name="equipment", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self, wait_s: float = 2.0) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(wait_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._standing.camera(*self._seen())
            self._tell("disk", good=self._disk_ok())
            self._tell("clock", good=self._today() >= NOT_BEFORE)
            if self._screen is not None:
                stands: DeviceState = "in" if self._screen() else "out"
                self._standing.tell(Device(kind="screen", state=stands))
            self._tell_witnesses()
            with suppress(SessionsError):  # a log that cannot be read is told of by the attempt
                self._session()
            self._stop.wait(self._every_s)

    def _tell(self, kind: DeviceKind, *, good: bool) -> None:
        self._standing.tell(Device(kind=kind, state="in" if good else "fault"))

    def _tell_witnesses(self) -> None:
        """Tell how those stand that were asked; evidence against the log comes before silence."""
        told = self._witnessed()
        if told:
            errors = sorted(
                (each for each in told if each.error is not None), key=lambda each: not each.alarm
            )
            code = "" if not errors or errors[0].error is None else errors[0].error.code
            state: DeviceState = "in" if not errors else "fault" if errors[0].alarm else "out"
            names = ", ".join(each.witness.name for each in told)
            self._standing.tell(Device(kind="collector", state=state, code=code), detail=names)

    def _seen(self) -> tuple[str, str]:
        """What is wrong with the camera, and which one it is."""
        spec = self._camera()
        if is_scene(spec):
            return ("" if self._training else RecordedCameraError.code), ""
        info = self._look(spec)
        return camera_fault(info, training=self._training), info.name
