"""`proctor print` and `proctor printer …` as a user calls them, on a real print service."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from proctor.printing.cups import CupsPrinter
from proctor.printing.settings import CHOICES
from proctor.sheet_kinds import BUILDERS
from tests.support.cli import PASSWORD, Ran, proctor
from tests.support.course_cli import roster_csv, sitting
from tests.support.schemas import require_valid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cups import CapturePrinter, PrivateCups

_NAMES = (f"phong-{number}" for number in itertools.count(1))
AN = {"an": PASSWORD}


@pytest.fixture
def place(tmp_path: Path, private_cups: PrivateCups, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """The folder of a training session's sheets, and the session."""
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path))
    monkeypatch.setenv("CUPS_SERVER", private_cups.environment["CUPS_SERVER"])
    monkeypatch.setattr("proctor.commands.people.working_keyring", lambda: None)
    monkeypatch.setattr("proctor.roots.working_keyring", lambda: None)
    made = sitting(tmp_path, count=1)
    folder = tmp_path / "to-in"
    folder.mkdir()
    return folder, made.session


@pytest.fixture
def printer(private_cups: PrivateCups) -> Iterator[CapturePrinter]:
    name = next(_NAMES)
    yield private_cups.printer(name, trays=True)
    private_cups.run("lpadmin", "-x", name)


def sheet(place: tuple[Path, str], kind: str = "call-list") -> Path:
    done = proctor("sheets", kind, "--session", place[1], "--out", place[0], "--pdf-only", "--json")
    assert done.status == 0, done.err
    return place[0] / done.json["file"]


def jobs(ran: Ran) -> list[dict[str, Any]]:
    require_valid("print-jobs", ran.json)
    return ran.json["jobs"]  # type: ignore[no-any-return]


def test_a_sheet_from_choice_to_paper(place: tuple[Path, str], printer: CapturePrinter) -> None:
    file, training = sheet(place), "--training"
    put = proctor(
        *("printer", "set", "--kind", "call-list", "--printer", printer.name, "--tray", "tray-2"),
        *("--duplex", "--copies", "2", training, "--json"),
    )
    require_valid("printer-set", put.json)
    assert (put.json["checked"], put.json["duplex"]) == (True, "long-edge")
    listed = proctor("printer", "list", training, "--json")
    require_valid("printer-list", listed.json)
    assert listed.json["kinds"]["call-list"]["tray"] == "tray-2"
    assert [info["trays"] for info in listed.json["printers"]] == [["tray-1", "tray-2"]]
    printer.set("media-empty-error")
    stopped = proctor("print", file, "--wait", "0.5")
    assert stopped.status == 1
    assert "hết giấy: nạp giấy A4 vào khay 2 rồi bấm tiếp tục" in stopped.out
    assert "printer resume 1" in stopped.out
    shown = proctor("printer", "list", training)
    assert "hết giấy" in shown.out
    assert jobs(proctor("printer", "jobs", training, "--json"))[0]["reasons"][0]["code"] == "out-of-paper"
    printer.clear("media-empty-error")
    resumed = proctor("printer", "resume", "1", training, "--json")
    assert resumed.status == 0
    (job,) = jobs(resumed)
    assert (job["state"], job["copies"], job["reasons"]) == ("printed", 2, [])
    assert printer.printed == [file.read_bytes()]
    assert "InputSlot=Tray2" in printer.options[0][1]
    again = proctor("print", file)
    assert again.status == 1
    assert "BẢN IN LẠI" in again.err
    assert len(printer.printed) == 1
    for command in ("retry", "cancel"):
        assert "đã in" in proctor("printer", command, "1", training).err


def test_a_failed_print_is_retried_and_the_sheet_stays_a_first_print(
    place: tuple[Path, str], printer: CapturePrinter
) -> None:
    file = sheet(place)
    printer.set("fail")
    failed = proctor("print", file, "--printer", printer.name, "--json")
    assert (failed.status, jobs(failed)[0]["state"]) == (1, "failed")
    printer.clear("fail")
    assert jobs(proctor("printer", "retry", "1", "--training", "--json"))[0]["state"] == "printed"
    printer.set("media-empty-error")
    other = sheet(place, "exceptions")
    underway = proctor("print", other, "--printer", printer.name, "--wait", "0", "--json")
    assert underway.status in {0, 1}
    cancelled = proctor("printer", "cancel", "3", "--training", "--json")
    printer.clear("media-empty-error")
    assert (cancelled.status, jobs(cancelled)[0]["state"]) == (0, "cancelled")
    assert len(printer.printed) == 1


def test_what_cannot_be_printed_queues_nothing(place: tuple[Path, str], printer: CapturePrinter) -> None:
    file = sheet(place)
    unknown = proctor("print", file, "--printer", "khong-co")
    assert unknown.status == 1
    assert printer.name in unknown.err
    assert "tray-1, tray-2" in proctor("print", file, "--printer", printer.name, "--tray", "tray-3").err
    for wrong in (("--wait", "-1"), ("--tray", "khay 2"), ("--printer", "")):
        assert proctor("print", file, *wrong).status == 2
    real = file.with_name("seal-S-20261122-01-9.pdf")
    assert proctor("print", file, real).status == 2
    copy = file.with_name(f"x-{place[1]}.pdf")
    copy.write_bytes(file.read_bytes() + b"\n")
    assert "đã bị sửa" in proctor("print", copy, "--printer", printer.name).err
    assert "không còn" in proctor("print", file.with_name(f"y-{place[1]}.pdf")).err
    assert jobs(proctor("printer", "jobs", "--training", "--json")) == []
    (place[0].parent / "training" / "printers.toml").write_text('[call-list]\nmay = "x"\n')
    line = proctor("print", file)
    assert line.status == 1
    assert "dòng 2" in line.err
    assert "may" in line.err


def test_without_the_print_programs_the_package_is_named(
    place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = sheet(place)
    monkeypatch.setenv("PATH", str(tmp_path))
    for command in (("print", file), ("printer", "list", "--training")):
        done = proctor(*command)
        assert done.status == 1
        assert "cups-client" in done.err


def test_a_real_station_prints_by_a_person(
    place: tuple[Path, str], printer: CapturePrinter, tmp_path: Path
) -> None:
    made = proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=AN)
    assert made.status == 0, made.err
    roster = tmp_path / "roster.csv"
    roster.write_bytes(roster_csv(1))
    by = ("--by", "an")
    session = proctor(
        *("session", "create", "--roster", roster, "--rules", "driving-tt108-2026", "--component", "theory"),
        *("--place", "Trung tâm Mẫu", "--json", *by),
        secrets=AN,
    ).json["id"]
    out = ("--session", session, "--out", place[0], "--json", *by)
    file = proctor("sheets", "call-list", *out, secrets=AN).json["file"]
    done = proctor("print", file, "--printer", printer.name, "--json", *by, secrets=AN)
    (job,) = jobs(done)
    assert (done.status, job["state"], job["by"]) == (0, "printed", "an")
    assert jobs(proctor("printer", "jobs", "--json"))[0]["state"] == "printed", "looking needs no log-in"
    verified = proctor("log", "verify", "--json", *by, secrets=AN)
    assert verified.json["ok"], verified.out


def test_every_kind_of_sheet_can_have_a_printer() -> None:
    assert set(BUILDERS) <= set(CHOICES)


def test_the_print_service_of_this_folder_is_the_private_one(place: tuple[Path, str]) -> None:
    assert place[1].startswith("HL-")
    assert all(info.name.startswith("phong-") for info in CupsPrinter().printers())


def test_a_sheet_is_made_and_printed_in_one_step(place: tuple[Path, str], printer: CapturePrinter) -> None:
    line = (
        "sheets",
        "call-list",
        "--session",
        place[1],
        "--out",
        place[0],
        "--pdf-only",
        "--print",
        "--json",
    )
    refused = proctor(*line, "--printer", "khong-co")
    assert refused.status == 1
    assert list(place[0].glob("*.pdf")) == [], "a printer that is not there is said before a sheet is made"
    done = proctor(*line, "--printer", printer.name, "--wait", "20")
    assert done.status == 0, done.err
    require_valid("sheet", done.json)
    assert [(job["state"], job["sha256"]) for job in done.json["jobs"]] == [("printed", done.json["sha256"])]
    assert (done.json["copy"], printer.printed[-1]) == (0, (place[0] / done.json["file"]).read_bytes())
    assert proctor(*line, "--printer", printer.name, "--wait", "20").json["copy"] == 1


def test_a_sheet_made_again_takes_the_place_of_what_failed(
    place: tuple[Path, str], printer: CapturePrinter
) -> None:
    """Two first prints that nothing tells apart never both come out."""
    first, to = sheet(place), ("--printer", printer.name, "--json")
    printer.set("fail")
    assert jobs(proctor("print", first, *to))[0]["state"] == "failed"
    printer.clear("fail")
    second = sheet(place)
    assert "-r1" not in second.name
    for command in (("print", first, *to), ("printer", "retry", "1", "--training")):
        refused = proctor(*command)
        assert (refused.status, "printing-superseded" in refused.err or "bản sau" in refused.err) == (1, True)
    assert jobs(proctor("print", second, *to))[0]["state"] == "printed"
    assert printer.printed == [second.read_bytes()]
    assert proctor("printer", "retry", "1", "--training").status == 1
    assert len(printer.printed) == 1
    listed = proctor("printer", "jobs", "--training").out
    assert "printer retry" not in listed
    assert "in lại việc này" not in listed
    assert "bản làm sau" in listed


def test_what_is_over_gives_no_advice_for_what_stood_in_the_way(
    place: tuple[Path, str], printer: CapturePrinter
) -> None:
    printer.set("media-empty-error")
    file, to = sheet(place), ("--printer", printer.name)
    assert "hết giấy" in proctor("print", file, *to, "--wait", "0.5").out
    cancelled = proctor("printer", "cancel", "1", "--training")
    assert (cancelled.status, "đã huỷ" in cancelled.out) == (0, True)
    assert "hết giấy" not in cancelled.out + cancelled.err
    printer.clear("media-empty-error")
    for command in ("cancel", "resume"):
        over = proctor("printer", command, "1", "--training")
        assert (over.status, "đã xong" in over.err) == (1, True)
