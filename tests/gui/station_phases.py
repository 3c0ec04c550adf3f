"""Every phase of the check-in page, played event by event through the desk's own table; and a window that holds it."""

import io
import tkinter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace, TracebackType
from typing import Any

import ttkbootstrap as ttk
from PIL import Image

from proctor.desk.decisions import Referred, Seen, Wish
from proctor.desk.events import (
    Candidate,
    CardIn,
    CheckDone,
    Decided,
    Device,
    Difference,
    Ended,
    Ending,
    Event,
    Failed,
    Halted,
    Hint,
    Locked,
    Pictures,
    Pressed,
    Progress,
    Prompted,
    Reason,
    Scanned,
)
from proctor.desk.machine import step
from proctor.desk.state import Effect, State
from proctor.gui.shell import Shell
from proctor.gui.station.awaiting import Awaiting
from proctor.gui.station.checkin import CheckInPage
from proctor.gui.station.exceptions.pane import ActionPane
from sessions.course.reasons import reasons
from sessions.record import Outcome, Verdict
from tests.support.portraits import astronaut_path, hopper_path

SEED = "3f2b8a52-9c44-4f3e-8f19-7d1f6f6b8f10"
NUMBER, NEXT = "001099000001", "001199000002"
READER = "Đầu đọc 1"
CHECKS = (
    *(
        "notice",
        "card-access",
        "chip-open",
        "pa-keys",
        "chip-genuine",
        "chip-read",
        "pa-consistent",
        "pa-trusted",
    ),
    *("cross-check", "roster", "duplicate", "face-capture", "face-match", "pad", "pad-turn", "pad-eyes"),
    *("pad-flash", "pad-model", "face-search"),
)
PERSON = Candidate(sbd="012", name="Nguyễn Văn Mẫu", place="P1")
WRONG_ROOM = (Reason(code="wrong-room", facts={"room": "P2", "here": "P1"}),)
SAME = (
    Difference(field_name="number", roster="…0001", chip="…0001", qr="…0001", same=True),
    Difference(
        field_name="name", roster="Nguyễn Văn Mẫu", chip="Nguyễn Văn Mẫu", qr="Nguyễn Văn Mẫu", same=True
    ),
    Difference(field_name="birth", roster="15/01/1999", chip="15/01/1999", qr="15/01/1999", same=True),
)
OTHER = (
    SAME[0],
    Difference(
        field_name="name", roster="Nguyễn Văn Mẫu", chip="Nguyễn Văn Mậu", qr="Nguyễn Văn Mậu", same=False
    ),
    SAME[2],
)


@cache
def portrait(name: str) -> bytes:
    """A portrait as JPEG, 3 × 4."""
    path, box = {
        "hopper": (hopper_path(), (76, 30, 436, 510)),
        "astronaut": (astronaut_path(), (90, 0, 390, 400)),
    }[name]
    data = io.BytesIO()
    Image.open(path).convert("RGB").crop(box).resize((450, 600)).save(data, "JPEG")
    return data.getvalue()


@cache
def frames_sheet() -> bytes:
    """Six frames as they are kept of a challenge."""
    sheet = Image.new("RGB", (3 * 320, 2 * 320), "white")
    for at in range(6):
        face = Image.open(io.BytesIO(portrait("astronaut"))).crop((20, 60, 430, 470)).resize((312, 312))
        sheet.paste(face.rotate(4 * at), (320 * (at % 3) + 4, 320 * (at // 3) + 4))
    data = io.BytesIO()
    sheet.save(data, "JPEG")
    return data.getvalue()


@dataclass(frozen=True)
class Frame:
    """One frame of a camera."""

    attempt_id: str
    width: int
    height: int
    rgb: bytes = field(repr=False)


def frame_of(attempt_id: str) -> Frame:
    """The picture a camera of 640 × 480 sees."""
    image = Image.open(astronaut_path()).convert("RGB").crop((0, 0, 512, 384)).resize((640, 480))
    return Frame(attempt_id=attempt_id, width=640, height=480, rgb=image.tobytes())


class FakeDesk:
    """The desk's own table, and a list of what it asked for."""

    def __init__(self, *, training: bool = False) -> None:
        self.state = State.first(SEED, training=training)
        self.effects: list[Effect] = []
        self.preview: Frame | None = None
        self.sent: list[Event] = []

    def send(self, event: Event) -> None:
        self.sent.append(event)
        self.state, effects = step(self.state, event)
        self.effects += effects

    def play(self, *events: Event) -> "FakeDesk":
        for event in events:
            self.send(event)
        return self

    @property
    def attempt_id(self) -> str:
        return self.state.attempt_id


def begun(desk: FakeDesk, number: str = NUMBER) -> FakeDesk:
    return desk.play(Scanned(text=number, source="typed"), CardIn(reader=READER))


def told(desk: FakeDesk, until: str, bad: Mapping[str, tuple[Outcome, str]] | None = None) -> FakeDesk:
    """Every check up to and with `until`."""
    for name in CHECKS[: CHECKS.index(until) + 1]:
        outcome, code = (bad or {}).get(name, (Outcome.PASSED, ""))
        desk.send(CheckDone(attempt_id=desk.attempt_id, name=name, outcome=outcome, code=code))
    return desk


def pictured(desk: FakeDesk, *, live: bool = True) -> FakeDesk:
    seen = portrait("astronaut") if live else None
    return desk.play(Pictures(attempt_id=desk.attempt_id, chip=portrait("hopper"), live=seen))


def ended(desk: FakeDesk, verdict: Verdict, *codes: str, **more: Any) -> FakeDesk:
    known: dict[str, Any] = {"differences": SAME, "candidate": PERSON, "chip": "genuine", "entry": 128}
    result = Ending(verdict=verdict, recorded=True, reasons=tuple(Reason(code=code) for code in codes))
    fields = {name: getattr(result, name) for name in result.__dataclass_fields__} | known | more
    return desk.play(Ended(attempt_id=desk.attempt_id, result=Ending(**fields)))


def reading(desk: FakeDesk) -> FakeDesk:
    told(begun(desk), "chip-genuine")
    return desk.play(
        Progress(attempt_id=desk.attempt_id, step="DG1", done=93, total=93),
        Progress(attempt_id=desk.attempt_id, step="DG2", done=9216, total=15360),
        Hint(attempt_id=desk.attempt_id, code="face-too-small"),
    )


def prompted(desk: FakeDesk) -> FakeDesk:
    pictured(told(begun(desk), "face-match"))
    return desk.play(Prompted(attempt_id=desk.attempt_id, prompt="turn-left"))


def admitted(desk: FakeDesk) -> FakeDesk:
    return ended(pictured(told(begun(desk), "face-search")), Verdict.ADMIT, owed=("Sa hình", "Đường trường"))


REFERRED = {
    "face-match": (Outcome.INDETERMINATE, "face-refer"),
    "pad-turn": (Outcome.FAILED, "pad-turn-failed"),
}


def referred(desk: FakeDesk) -> FakeDesk:
    pictured(told(begun(desk), "face-search", REFERRED))
    return ended(desk, Verdict.REFER, "face-refer", "pad-turn-failed", differences=OTHER)


def refused(desk: FakeDesk) -> FakeDesk:
    bad = {"face-match": (Outcome.FAILED, "face-no-match")}
    desk = ended(pictured(told(begun(desk), "face-search", bad)), Verdict.REFUSE, "face-no-match")
    return desk.play(Scanned(text=NEXT, source="serial"))


def not_recorded(desk: FakeDesk) -> FakeDesk:
    desk = pictured(told(begun(desk), "face-search"))
    return ended(desk, Verdict.REFER, recorded=False, store_error="store-full", entry=None)


def failed(desk: FakeDesk) -> FakeDesk:
    return begun(desk).play(Failed(attempt_id=SEED and desk.attempt_id, code="session-paused"))


PHASES: Mapping[str, Callable[[FakeDesk], FakeDesk]] = {
    "anything": lambda desk: desk,
    "card": lambda desk: desk.play(Scanned(text=NUMBER, source="typed")),
    "claim": lambda desk: desk.play(CardIn(reader=READER)),
    "two-cards": lambda desk: desk.play(CardIn(reader=READER), CardIn(reader="Đầu đọc 2")),
    "ready": lambda desk: begun(desk.play(Device(kind="camera", state="out"))),
    "reading": reading,
    "prompted": prompted,
    "admit": admitted,
    "refer": referred,
    "refer-elsewhere": lambda desk: ended(
        told(begun(desk), "face-search"), Verdict.REFER, decidable=False, reasons=WRONG_ROOM
    ),
    "refuse": refused,
    "two-persons": lambda desk: referred(desk).play(
        Decided(attempt_id=desk.attempt_id, choice="admitted", entry=129)
    ),
    "left": lambda desk: referred(desk).play(Pressed(action="later")),
    "old-card": lambda desk: admitted(desk).play(Pressed(action="next")),
    "not-recorded": not_recorded,
    "failed": failed,
    "closed": lambda desk: desk.play(Halted(code="session-closed")),
    "locked": lambda desk: referred(desk).play(Locked(locked=True)),
}


@dataclass
class FakeReceipt:
    seq: int = 129


class FakeDecisions:
    """What the pane asks; keeps what it was told to enter."""

    def __init__(
        self, *, blocked: str = "", proofs: tuple[str, ...] = ("password",), frames: bool = True
    ) -> None:
        self.blocked, self.proofs, self.frames = blocked, proofs, frames
        self.looked: list[tuple[str, str]] = []
        self.entered: list[tuple[str, Wish, str]] = []
        self.error: Exception | None = None

    def referred(self, attempt_id: str, sbd: str) -> Referred:
        return Referred(
            attempt_id=attempt_id,
            sbd=sbd,
            reasons=tuple(
                reason for code, reason in reasons("override").items() if code != "suggestion-confirmed"
            ),
            people=(("binh", "Trần Thị Thử", "secretary"), ("chau", "Lê Văn Luyện", "chairman")),
            proofs=self.proofs,
            framed=self.frames,
            blocked=self.blocked,
        )

    def look(self, attempt_id: str, reason: str) -> Seen:
        self.looked.append((attempt_id, reason))
        return Seen(frames=frames_sheet(), entry=131)

    def admit(self, attempt_id: str, wish: Wish, ask: Callable[[str], str]) -> FakeReceipt:
        secret = ask(wish.second)
        if self.error is not None:
            raise self.error
        self.entered.append((attempt_id, wish, secret))
        return FakeReceipt()


class Form(ActionPane):
    """Stands for a form that opens beside the desk."""

    MAIN = "incident-page.enter"

    def __init__(self, parent: Any, window: Any, *, sbd: str, attempt_id: str, **more: Any) -> None:
        super().__init__(parent, window, **more)
        self.sbd, self.attempt_id = sbd, attempt_id
        self.text = tkinter.StringVar(self, self.begun.get("text", ""))
        self.field = ttk.Entry(self, textvariable=self.text)
        self.field.grid()

    def kept(self) -> dict[str, str]:
        return {"text": self.text.get()}

    def take_focus(self) -> None:
        self.field.focus_set()


FORMS = dict.fromkeys(("manual", "refused", "incident"), "tests.gui.station_phases:Form")


class Host(Shell):
    """Holds the page as the station's window does."""

    def __init__(
        self, desk: FakeDesk, *, language: str = "vi", scale: float = 1.0, decisions: Any = None
    ) -> None:
        self.bugs: list[BaseException] = []
        self.desk = desk
        self.opened = self.session = self.driver = self.lend = None
        self.going = SimpleNamespace(locked=False)
        self.awaiting = Awaiting(self)  # type: ignore[arg-type]
        self.locked = self.left_desk = 0
        self.allowed = {"check-in", "view", "manual", "incident", "decide"}
        self.opened_pages: list[str] = []
        self.decisions: Any = decisions or FakeDecisions()
        super().__init__(training=desk.state.training, language=language, scale=scale)
        self.geometry(f"{self.winfo_screenwidth()}x{self.winfo_screenheight()}+0+0")
        for key in ("<Return>", "<KP_Enter>"):
            self.bind(key, lambda _event: self.shown.forward())
        self.build()

    def build(self) -> None:
        super().build()
        self.foot.grid_remove()

    def _foot(self) -> Any:
        self.foot = super()._foot()
        return self.foot

    def window_title(self) -> str:
        return "proctor"

    def page_title(self) -> str:
        return "Lý thuyết · P1" if self.texts.language == "vi" else "Theory · P1"

    def make_page(self) -> CheckInPage:
        return CheckInPage(self, self, self.desk, decisions=self.decisions)

    def left_text(self) -> str:
        return "window.station.leave"

    def main_text(self) -> str:
        return "window.station.open"

    def back(self) -> None:
        self.shown.back()

    def forward(self) -> None:
        self.shown.forward()

    def keep(self) -> None:
        self.shown.keep()

    def lock_now(self) -> None:
        self.locked += 1

    def may(self, action: str) -> bool:
        return action in self.allowed

    def open_work(self, name: str) -> None:
        self.opened_pages.append(name)

    def leave_desk(self) -> None:
        self.left_desk += 1

    def report_callback_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.bugs.append(error)
        super().report_callback_exception(kind, error, trace)
