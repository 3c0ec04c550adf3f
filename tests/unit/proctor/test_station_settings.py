"""Which devices the desk uses, kept in a file: what is kept, what is refused, and that an option goes before it."""

import json
from pathlib import Path

import pytest

from proctor.errors import CommandError
from proctor.gui.station.mark import FILE as MARK
from proctor.gui.station.mark import Mark, find_mark, set_mark
from proctor.gui.station.settings import FILE as WINDOW
from proctor.gui.station.settings import Settings, load_settings, save_settings
from proctor.station_settings import FILE, StationSettings, load_station, require_settings, save_station
from readers.qr.serial import Port, ScannerRuleError
from tests.support.cli import proctor
from tests.support.schemas import require_valid


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path))
    return tmp_path


def test_what_was_kept_comes_back_and_nothing_kept_is_the_usual(tmp_path: Path) -> None:
    assert load_station(tmp_path) == StationSettings()
    kept = StationSettings(
        reader="Đầu đọc 1", camera="2", scanner="1a86:7523", sounds=False, scan_by_camera=True
    )
    save_station(tmp_path, kept)
    assert load_station(tmp_path) == kept


@pytest.mark.parametrize(
    "text",
    [
        "reader = 1\n",
        'sounds = "on"\n',
        'other = "x"\n',
        "reader = \n",
        'camera = "' + "9" * 200 + '"\n',
        'reader = "a\\u001b[2J"\n',
        'candidate_screen = "x -use 1"\n',
        'scanner = "nowhere"\n',
        "reader = " + "[" * 9_000,
        "# " + "x" * 100_000,
    ],
    ids=lambda text: text[:16],
)
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        load_station(tmp_path)
    assert refused.value.code == "devices-settings"
    assert refused.value.facts["file"] == str(tmp_path / FILE)


def test_values_that_no_desk_can_take_are_refused() -> None:
    with pytest.raises(ScannerRuleError):
        require_settings(StationSettings(scanner="nowhere"))
    for wrong, code in (
        (StationSettings(candidate_screen="2x2"), "screen-place-invalid"),
        (StationSettings(reader="a\x07"), "devices-value"),
    ):
        with pytest.raises(CommandError) as refused:
            require_settings(wrong)
        assert refused.value.code == code


def test_the_command_sets_clears_and_shows(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = (
        Port(device="/dev/ttyACM0", vid="1a86", pid="7523", serial="A1", name="Scanner"),
        Port(device="/dev/ttyACM1", vid="1a86", pid="7523", serial="A2", name="Scanner"),
        Port(device="/dev/ttyS0"),
    )
    monkeypatch.setattr("proctor.commands.devices.serial_ports", lambda: ports)
    monkeypatch.setattr("proctor.commands.devices._readers", lambda: ["Đầu đọc 1"])
    ran = proctor("devices", "set", "--scanner=1a86:7523:A1", "--sounds", "off", "--json")
    require_valid("devices", ran.json)
    assert ran.json["settings"]["scanner"] == "1a86:7523:A1"
    shown = proctor("devices", "show", "--json")
    require_valid("devices", shown.json)
    assert [port["rule"] for port in shown.json["ports"]] == ["1a86:7523:A1", "1a86:7523:A2", "/dev/ttyS0"]
    assert (shown.json["settings"]["sounds"], shown.json["readers"]) == (False, ["Đầu đọc 1"])
    assert "Máy quét QR: 1a86:7523:A1" in proctor("devices", "show").out
    assert proctor("devices", "set", "--scanner=").status == 0
    assert load_station(home) == StationSettings(sounds=False)
    assert proctor("devices", "set").status == 2
    assert proctor("devices", "set", "--scanner", "nowhere").status == 1
    assert load_station(home) == StationSettings(sounds=False)


def test_an_option_goes_before_what_is_kept_and_training_keeps_its_software(home: Path) -> None:
    pytest.importorskip("tkinter")
    from proctor.gui.station.desk_options import DeskOptions
    from proctor.gui.station.real import _with_settings

    save_station(home, StationSettings(reader="A", camera="1", candidate_screen="full", scan_by_camera=True))
    real = _with_settings(DeskOptions(camera="3"), home, training=False)
    assert (real.reader, real.camera, real.candidate_screen, real.sounds) == ("A", "3", "full", True)
    training = _with_settings(DeskOptions(), home, training=True)
    assert (training.reader, training.camera, training.candidate_screen) == ("", "", "full")
    assert _with_settings(DeskOptions(sounds=False), home, training=False).sounds is False
    assert _with_settings(DeskOptions(), None, training=False) == DeskOptions()


def test_a_diagnostics_file_says_how_the_station_stands_and_nothing_of_anybody(home: Path) -> None:
    made = proctor("diagnostics", "make", "--json")
    require_valid("diagnostics", made.json)
    listed = proctor("diagnostics", "list", "--json")
    require_valid("diagnostics", listed.json)
    assert [row["file"] for row in listed.json["files"]] == [made.json["file"]]
    shown = proctor("diagnostics", "show", Path(made.json["file"]).name, "--json")
    require_valid("diagnostics", shown.json)
    report = shown.json["report"]
    assert {"readers", "disk", "clock"} <= {item["name"] for item in report["items"]}
    assert all(set(item) == {"name", "ok", "needed"} for item in report["items"])
    assert str(home) not in json.dumps(report)
    assert proctor("diagnostics", "show", "../devices.toml").status == 1


@pytest.mark.parametrize(
    "data", [b"[" * 200_000, b"[" * 4_000, b'{"a":' * 800, b"\xff\xfe", b'{"session": 5}', b"1" * 9_000]
)
def test_files_of_the_window_that_somebody_wrote_stop_no_start(tmp_path: Path, data: bytes) -> None:
    for name in (MARK, WINDOW):
        (tmp_path / name).write_bytes(data)
    assert find_mark(tmp_path) is None
    assert load_settings(tmp_path) == Settings()


def test_files_of_the_window_are_for_its_owner_alone(tmp_path: Path) -> None:
    mark = Mark(session="S-1", training=False)
    set_mark(tmp_path, mark)
    save_settings(tmp_path, Settings(room="P1"))
    assert find_mark(tmp_path) == mark
    assert load_settings(tmp_path).room == "P1"
    assert sorted(path.name for path in tmp_path.iterdir()) == [MARK, WINDOW]
    assert [(tmp_path / name).stat().st_mode & 0o077 for name in (MARK, WINDOW)] == [0, 0]
