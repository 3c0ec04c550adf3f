"""The check-in page where something is amiss: a device is out, a pause, the log after a cut, pictures that are gone."""

from collections.abc import Callable, Mapping

from proctor.desk.device_kinds import DeviceKind
from proctor.desk.events import (
    OPENING,
    Candidate,
    CardIn,
    CheckDone,
    Device,
    Ending,
    Held,
    Paused,
    Reason,
    Reopened,
    Resumed,
    Scanned,
)
from sessions.record import Outcome, Verdict
from tests.gui.station_phases import (
    CHECKS,
    NEXT,
    OTHER,
    PERSON,
    READER,
    REFERRED,
    FakeDecisions,
    FakeDesk,
    begun,
    ended,
    portrait,
    referred,
    told,
)

OLD = "5b7c1f0e-6a0f-4f39-9f0e-5a3c1d2e4f60"


def out(desk: FakeDesk, *kinds: DeviceKind) -> FakeDesk:
    return desk.play(*(Device(kind=kind, state="out") for kind in kinds))


def resumed(desk: FakeDesk, *, kept: bool = True, known: bool = True) -> FakeDesk:
    """After a cut: whom the machine referred is still to be decided about."""
    checks = tuple(
        CheckDone(attempt_id=OLD, name=name, outcome=outcome, code=code)
        for name in CHECKS
        for outcome, code in [REFERRED.get(name, (Outcome.PASSED, ""))]
    )
    result = Ending(
        verdict=Verdict.REFER,
        recorded=True,
        entry=128,
        reasons=(Reason(code="face-refer"),),
        differences=OTHER if kept else (),
        candidate=PERSON if known else None,
        chip="genuine",
    )
    seen = {"chip": portrait("hopper"), "live": portrait("astronaut")} if kept else {}
    again = Reopened(of=OLD, result=result, checks=checks, **seen)
    return desk.play(Resumed(sbd="012" if known else "", entry=128, verdict="REFER", undecided=again))


def claimed(desk: FakeDesk) -> FakeDesk:
    """The chip could not be read: only the code says who it is."""
    bad = {"chip-open": (Outcome.FAILED, "access-wrong-key")}
    desk = told(begun(desk), "chip-open", bad)
    person = Candidate(sbd="012", name="Nguyễn Văn Mẫu", place="P1", by_chip=False)
    return ended(desk, Verdict.REFER, "access-wrong-key", candidate=person, differences=(), chip="")


PHASES: Mapping[str, Callable[[FakeDesk], FakeDesk]] = {
    "paused": lambda desk: desk.play(Paused(paused=True)),
    "paused-begun": lambda desk: begun(desk.play(Paused(paused=True))),
    "no-reader": lambda desk: out(desk, "reader"),
    "no-camera": lambda desk: out(desk, "camera"),
    "no-scanner": lambda desk: out(desk, "scanner"),
    "no-scanner-card": lambda desk: out(desk, "scanner").play(CardIn(reader=READER)),
    "no-disk": lambda desk: desk.play(Device(kind="disk", state="fault")),
    "all-out": lambda desk: out(desk, "reader", "camera", "scanner", "screen", "printer"),
    "back": lambda desk: out(desk, "camera").play(Device(kind="camera", state="in")),
    "opening": lambda desk: begun(desk.play(Device(kind="camera", state="out", code=OPENING))),
    "held": lambda desk: begun(desk.play(Held(held=True))),
    "next-kept": lambda desk: referred(desk).play(Scanned(text=NEXT, source="serial")),
    "claimed": claimed,
    "resumed": resumed,
    "resumed-gone": lambda desk: resumed(desk, kept=False),
    "resumed-nobody": lambda desk: resumed(desk, kept=False, known=False),
    "resumed-begun": lambda desk: desk.play(Resumed(sbd="012")),
    "resumed-after": lambda desk: desk.play(Resumed(sbd="012", entry=128, verdict="ADMIT")),
    "pictures-gone": lambda desk: ended(
        told(begun(desk), "face-search", REFERRED), Verdict.REFER, "face-refer"
    ),
    "second-card": referred,
    "second-blocked": referred,
}
DECISIONS: Mapping[str, FakeDecisions] = {
    "second-card": FakeDecisions(proofs=("card-face", "password")),
    "second-blocked": FakeDecisions(blocked="checkin.decision.nobody"),
}
"""What two persons may decide, where it is not the usual."""
