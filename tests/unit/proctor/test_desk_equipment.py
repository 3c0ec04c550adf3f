"""The equipment: a row each, every fault with what to do about it; changes are told once and in their order."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from biometrics.camera_info import CameraInfo
from proctor.config import Places
from proctor.desk.attempts import CLOSING
from proctor.desk.equipment import EquipmentRow, MachineWatch, Standing, row_of, rows_of_machine
from proctor.desk.events import OPENING, Device, DeviceKind, DeviceState, Event
from proctor.desk.looking import Looking
from proctor.desk.printers import PrinterWatch, printer_stands
from proctor.doctor import Item
from proctor.printing.errors import SystemDownError
from proctor.printing.model import PrinterInfo
from proctor.texts import load_texts
from readers.errors import PcscUnavailableError
from readers.qr.serial import Port
from readers.transport.base import ReaderInfo

VI, EN = load_texts("vi"), load_texts("en")
CODES = ("", "reader-not-found", "pcsc-unavailable", "reader-not-physical", "camera-gone", "camera-not-physical",
         "scanner-busy", "scanner-ambiguous", "printer-stopped", OPENING)  # fmt: skip


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("kind", get_args(DeviceKind))
def test_each_device_has_words_and_each_fault_has_a_fix(kind: DeviceKind, language: str) -> None:
    texts = load_texts(language)
    good = row_of(Device(kind=kind, state="in"), texts, detail="ACS")
    assert (good.sign, good.fix, good.detail) == ("tick", "", "ACS")
    for state in ("out", "fault"):
        for code in CODES:
            row = row_of(Device(kind=kind, state=state, code=code), texts)
            assert row.sign in {"cross", "warning"}
            assert len(row.fix) > 20
            assert "{" not in row.fix
            assert "[" not in row.fix


def test_what_the_station_can_do_without_is_a_warning_and_so_is_all_in_training() -> None:
    signs = {kind: row_of(Device(kind=kind, state="out"), VI).sign for kind in get_args(DeviceKind)}
    assert {kind for kind, sign in signs.items() if sign == "cross"} == {"reader", "camera", "disk", "clock"}
    assert {row_of(Device(kind=k, state="out"), VI, training=True).sign for k in signs} == {"warning"}


def test_the_start_page_has_a_row_for_each_kind() -> None:
    found = (
        Item(name="disk", ok=False, detail="12 MB", advice="…"),
        Item(name="clock", ok=True, detail="2026-11-22", advice=""),
        Item(name="models", ok=True, detail="", advice=""),
        Item(name="witnesses", ok=False, detail="", advice="…"),
    )
    rows = rows_of_machine(Places(home=Path("/nowhere")), VI, look=lambda _places, _texts: found)
    by_kind: dict[str, EquipmentRow] = {row.kind: row for row in rows}
    assert list(by_kind) == [kind for kind in get_args(DeviceKind) if kind != "screen"]
    assert by_kind["camera"].words == VI["equipment.state.out"]
    assert by_kind["disk"].words == VI["equipment.state.fault"]
    assert "500" in by_kind["disk"].fix
    assert (by_kind["clock"].sign, by_kind["clock"].fix) == ("tick", "")
    witness = by_kind["collector"]
    assert (witness.sign, witness.words) == ("warning", VI["equipment.state.witness-unset"])
    assert witness.fix == VI["witness-unset"]


def looked(**found: Any) -> dict[str, tuple[str, str, str]]:
    """How the desk's devices stand: state, code, which one."""
    usual: dict[str, Any] = {
        "list_readers": lambda: (),
        "classify": lambda _spec: CameraInfo(kind="device", physical=False, present=False),
        "list_ports": lambda: (),
    }
    stands = Looking(**(usual | found)).stands()
    return {kind: (device.state, device.code, name) for kind, (device, name) in stands.items()}


def test_before_the_desk_is_open_its_own_devices_are_looked_at() -> None:
    scanner = Port(device="/dev/null", vid="0c2e", pid="0b61", name="Honeywell")
    acs = ReaderInfo(name="ACS ACR1252", virtual=False, card="empty")
    virtual = replace(acs, name="Virtual PCD 00 00", virtual=True)
    seen: list[str] = []

    def classify(spec: str) -> CameraInfo:
        seen.append(spec)
        return CameraInfo(kind="device", physical=spec == "2", name="Logitech")

    good = looked(
        reader="acs", camera="2", scanner="0c2e:0b61", classify=classify,
        list_readers=lambda: (virtual, acs), list_ports=lambda: (scanner,),
    )  # fmt: skip
    assert good["reader"] == ("in", "", "ACS ACR1252")
    assert good["camera"] == ("in", "", "Logitech")
    assert good["scanner"] == ("in", "", "Honeywell")
    other = looked(reader="omnikey", camera="7", scanner="0c2e:ffff", classify=classify,
                   list_readers=lambda: (acs,), list_ports=lambda: (scanner,))  # fmt: skip
    assert other["reader"][:2] == ("out", "reader-not-found")
    assert other["camera"][:2] == ("fault", "camera-not-physical")
    assert other["scanner"][:2] == ("out", "")
    bare = looked(list_readers=lambda: (virtual,))
    assert bare["reader"] == ("fault", "reader-not-physical", "Virtual PCD 00 00")
    assert bare["camera"][:2] == ("out", "camera-gone")
    assert bare["scanner"][:2] == ("out", "scanner-unset")
    assert bare["printer"][:2] == ("out", "")
    trained = looked(list_readers=lambda: (virtual,), training=True, camera="7", classify=classify)
    assert (trained["reader"][0], trained["camera"][0], seen) == ("in", "in", ["2", "7", "7"])


def test_before_the_desk_is_open_what_is_amiss_is_said_by_its_own_words() -> None:
    def down() -> tuple[ReaderInfo, ...]:
        raise PcscUnavailableError

    scanner = Port(device="COM7", vid="0c2e", pid="0b61")
    found = looked(list_readers=down, scanner="0c2e:0b61", list_ports=lambda: (scanner, scanner))
    assert found["reader"][:2] == ("out", "pcsc-unavailable")
    assert found["scanner"][:2] == ("fault", "scanner-ambiguous")
    assert looked(scanner="/dev/no-such-port")["scanner"][0] == "out"
    row = row_of(Device(kind="reader", state="out", code="pcsc-unavailable"), VI)
    assert row.fix == VI["pcsc-unavailable"]


def test_a_change_is_told_once() -> None:
    told: list[Event] = []
    standing = Standing(told.append)
    for _ in range(3):
        standing.tell(Device(kind="scanner", state="in"), detail="Honeywell")
    standing.tell(Device(kind="scanner", state="out"))
    standing.tell(Device(kind="scanner", state="in"))
    assert [event.state for event in told if isinstance(event, Device)] == ["in", "out", "in"]
    (row,) = standing.rows(EN)
    assert (row.detail, row.sign) == ("Honeywell", "tick")


def test_the_camera_is_ready_when_it_is_there_and_its_desk_is_open() -> None:
    told: list[Event] = []
    standing = Standing(told.append)

    def seen() -> tuple[DeviceState, str]:
        (device,) = standing.devices
        return device.state, device.code

    standing.camera("", "Logitech")
    assert seen() == ("fault", OPENING)
    standing.desk("")
    assert seen() == ("in", "")
    standing.camera("camera-gone")
    assert seen() == ("out", "camera-gone")
    standing.desk("model-missing")
    assert seen() == ("out", "camera-gone")
    standing.camera("")
    assert seen() == ("fault", "model-missing")
    standing.desk("")
    assert seen() == ("in", "")


def test_what_two_threads_tell_of_the_camera_at_once_ends_with_what_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Event] = []
    standing = Standing(told.append)
    desk = threading.Thread(target=lambda: standing.desk(""))

    def device(**said: Any) -> Device:
        if said["code"] == OPENING:  # who looks at the camera does not know yet that the desk opens just now
            desk.start()
            desk.join(0.1)
        return Device(**said)

    monkeypatch.setattr("proctor.desk.equipment.Device", device)
    standing.camera("")
    desk.join()
    assert [(each.state, each.code) for each in told if isinstance(each, Device)] == [
        ("fault", OPENING),
        ("in", ""),
    ]


def test_a_camera_that_is_pulled_out_and_a_full_disk_are_seen_and_so_is_their_return() -> None:
    told: list[Event] = []
    standing = Standing(told.append)
    standing.desk("")
    camera = [CameraInfo(kind="device", physical=True, name="Logitech", index=0)]
    room = [True]
    watch = MachineWatch(
        standing, camera=lambda: "0", training=False, disk_ok=lambda: room[0], look=lambda _spec: camera[0],
        every_s=0.01,
    )  # fmt: skip
    watch.start()

    def wait(kind: str, state: str, code: str) -> None:
        end = time.monotonic() + 5
        want = (kind, state, code)
        while time.monotonic() < end:
            if want in {(d.kind, d.state, d.code) for d in standing.devices}:
                return
            time.sleep(0.005)
        pytest.fail(str(standing.devices))

    wait("camera", "in", "")
    camera[0] = CameraInfo(kind="device", physical=False, present=False, index=0)
    wait("camera", "out", "camera-gone")
    camera[0] = CameraInfo(kind="device", physical=False, name="OBS", index=0)
    wait("camera", "fault", "camera-not-physical")
    camera[0] = CameraInfo(kind="device", physical=True, name="Logitech", index=0)
    wait("camera", "in", "")
    room[0] = False
    wait("disk", "fault", "")
    room[0] = True
    wait("disk", "in", "")
    watch.close()
    assert not watch._thread.is_alive()


def test_a_clock_that_cannot_be_right_and_witnesses_are_told() -> None:
    standing = Standing(lambda _event: None)
    day, asked = [date(2026, 11, 22)], [()]
    watch = MachineWatch(
        standing, camera=lambda: "scene:x", training=True, disk_ok=lambda: True, witnessed=lambda: asked[0],
        today=lambda: day[0], every_s=0.01,
    )  # fmt: skip
    watch.start()

    def wait(want: tuple[str, str, str]) -> None:
        end = time.monotonic() + 5
        while want not in {(d.kind, d.state, d.code) for d in standing.devices}:
            assert time.monotonic() < end, standing.devices
            time.sleep(0.005)

    wait(("clock", "in", ""))
    day[0] = date(2020, 1, 1)
    wait(("clock", "fault", ""))
    assert "collector" not in {device.kind for device in standing.devices}  # a station without witnesses
    good = SimpleNamespace(witness=SimpleNamespace(name="dept"), error=None, alarm=False)
    away = SimpleNamespace(
        witness=good.witness, error=SimpleNamespace(code="witness-unreachable"), alarm=False
    )
    fork = SimpleNamespace(witness=good.witness, error=SimpleNamespace(code="witness-fork"), alarm=True)
    for told, want in (
        ((good,), ("in", "")),
        ((good, away), ("out", "witness-unreachable")),
        ((away, fork), ("fault", "witness-fork")),
        ((good, good), ("in", "")),
    ):
        asked[0] = told
        wait(("collector", *want))
    watch.close()


def test_printers_are_told_of_once_there_is_one() -> None:
    ready, stopped = PrinterInfo(name="HP"), PrinterInfo(name="HP", state="stopped")
    nowhere, closed = PrinterInfo(name="PDF", device=False), PrinterInfo(name="HP", accepting=False)
    assert printer_stands((stopped, ready)).state == "in"
    assert (printer_stands((stopped,)).state, printer_stands((stopped,)).code) == ("fault", "printer-stopped")
    assert {printer_stands(each).state for each in ((), (nowhere,), (closed,))} == {"out"}
    there: list[tuple[PrinterInfo, ...] | None] = [(nowhere,)]
    told: list[tuple[str, str]] = []

    class System:
        def printers(self) -> tuple[PrinterInfo, ...]:
            if there[0] is None:
                raise SystemDownError
            return there[0]

    def wait(want: list[tuple[str, str]]) -> None:
        end = time.monotonic() + 5
        while told[-1:] != want and time.monotonic() < end:
            time.sleep(0.005)
        assert told[-1:] == want

    watch = PrinterWatch(
        lambda device, _names: told.append((device.state, device.code)), System, every_s=0.01
    )
    watch.start()
    time.sleep(0.05)
    assert told == []
    there[0] = (ready,)
    wait([("in", "")])
    there[0] = None
    wait([("out", "printing-system-down")])
    there[0] = (ready,)
    wait([("in", "")])
    watch.close()
    assert not watch._thread.is_alive()


@pytest.mark.parametrize(("training", "code"), [(True, ""), (False, "camera-not-physical")])
def test_a_rendered_candidate_is_a_camera_of_training_alone(training: bool, code: str) -> None:
    standing = Standing(lambda _event: None)
    watch = MachineWatch(standing, camera=lambda: "scene:bona-fide", training=training, disk_ok=lambda: True)
    assert watch._seen()[0] == code


def test_why_there_is_no_desk_has_a_text_in_both_languages() -> None:
    check: Callable[[str], bool] = lambda code: code in VI and code in EN  # noqa: E731
    assert all(
        check(code)
        for code in (OPENING, CLOSING, "scanner-busy", "scanner-ambiguous", "scanner-rule-invalid")
    )


def test_a_camera_that_is_made_ready_is_no_fault_and_its_end_no_return() -> None:
    opening = row_of(Device(kind="camera", state="fault", code=OPENING), VI)
    assert (opening.sign, opening.opening, opening.good) == ("cross", True, True)
    assert row_of(Device(kind="camera", state="in"), VI).good
    assert not row_of(Device(kind="camera", state="out", code="camera-gone"), VI).good
