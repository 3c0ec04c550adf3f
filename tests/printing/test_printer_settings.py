"""printers.toml: edited by hand or by a command, and a wrong key named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor.printing.errors import PrinterSettingsError
from proctor.printing.settings import CHOICES, FILE, Choice, PrinterSettings
from proctor.texts import load_texts

WHOLE = """# máy in của điểm thi
[default]
printer = "may-1"
tray = "tray-1"

[attendance]      # nằm ngang
duplex = "short-edge"

[slip]
printer = "may-2"
copies = 2
"""


def load(folder: Path, text: str) -> PrinterSettings:
    (folder / FILE).write_text(text, encoding="utf-8")
    return PrinterSettings.load(folder)


def test_a_kind_takes_what_it_leaves_open_from_the_default(tmp_path: Path) -> None:
    settings = load(tmp_path, WHOLE)
    assert settings.of("attendance") == Choice(printer="may-1", tray="tray-1", duplex="short-edge")
    assert settings.of("slip") == Choice(printer="may-2", copies=2), "another printer has other trays"
    assert settings.of("summary") == Choice(printer="may-1", tray="tray-1")
    wished = Choice(printer="may-3").over(settings.of("attendance"))
    assert wished == Choice(printer="may-3", duplex="short-edge")


def test_no_file_chooses_nothing(tmp_path: Path) -> None:
    assert PrinterSettings.load(tmp_path).of("attendance") == Choice()


@pytest.mark.parametrize(
    ("text", "line", "why", "key"),
    [
        (WHOLE.replace("tray =", "khay ="), 4, "unknown-key", "khay"),
        (WHOLE.replace("[slip]", "[phieu]"), 9, "unknown-kind", "phieu"),
        (WHOLE.replace("copies = 2", "copies = 0"), 11, "value", "copies"),
        (WHOLE.replace("copies = 2", "copies = true"), 11, "value", "copies"),
        (WHOLE.replace('"short-edge"', '"yes"'), 7, "value", "duplex"),
        (WHOLE.replace('"tray-1"', '"tray 1}"'), 4, "value", "tray"),
        (WHOLE.replace('"may-2"', '""'), 10, "value", "printer"),
        (WHOLE.replace('"may-2"', "7"), 10, "value", "printer"),
        (WHOLE.replace("copies = 2", "copies 2"), 11, "form", ""),
        (WHOLE + "[slip]\n", 12, "form", ""),
        ("[slip]\ncopies = 2\n", 1, "no-printer", "slip"),
        ("attendance = 1\n", 1, "value", "attendance"),
        ('\n"at tendance".printer = "x"\n', 2, "unknown-kind", "at tendance"),
        ('slip = { printer = "x", khay = "y" }\n', 1, "unknown-key", "khay"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, why: str, key: str
) -> None:
    with pytest.raises(PrinterSettingsError) as error:
        load(tmp_path, text)
    facts = error.value.facts
    assert (facts["line"], facts["why"], facts.get("key", "")) == (line, why, key)
    for language in ("vi", "en"):
        said = load_texts(language).say(error.value.code, **facts)
        assert str(line) in said
        assert "—" not in said


@pytest.mark.parametrize("data", [b"\xff\xfe[\x00", b"[" * 70_000, b"a = " + b"[" * 5_000, b"\x00"])
def test_hostile_bytes_are_an_error_with_a_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(PrinterSettingsError):
        PrinterSettings.load(tmp_path)


def test_a_command_changes_one_table_and_leaves_the_rest(tmp_path: Path) -> None:
    settings = load(tmp_path, WHOLE)
    settings = settings.put("attendance", Choice(printer="may-9", tray="tray-2", copies=3))
    settings = settings.put("results", Choice(printer="Máy in 4"))
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    assert "# máy in của điểm thi" in text
    again = PrinterSettings.load(tmp_path)
    assert again.choices == settings.choices
    assert again.of("attendance") == Choice(printer="may-9", tray="tray-2", copies=3)
    assert again.of("slip") == Choice(printer="may-2", copies=2)
    assert again.of("results").printer == "Máy in 4"
    gone = again.put("attendance", None).put("slip", None)
    assert set(gone.choices) == {"default", "results"}
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_the_first_choice_makes_the_file(tmp_path: Path) -> None:
    for kind in CHOICES:
        PrinterSettings.load(tmp_path).put(kind, Choice(printer="may-1"))
    assert set(PrinterSettings.load(tmp_path).choices) == set(CHOICES)


def test_the_last_default_is_not_taken_from_those_that_need_it(tmp_path: Path) -> None:
    settings = load(tmp_path, WHOLE)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(PrinterSettingsError):
        settings.put("default", None)
    assert (tmp_path / FILE).read_bytes() == before
