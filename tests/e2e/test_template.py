"""`proctor sheets template` as an administrator uses it."""

from pathlib import Path

from tests.support.cli import proctor
from tests.support.schemas import require_valid


def test_a_sample_is_written_checked_and_shown_and_never_overwritten(tmp_path: Path):
    root = ("--root", str(tmp_path / "root"), "--training")
    written = proctor("sheets", "template", "--write", "--json", *root)
    assert written.status == 0, written.err
    path = Path(written.json["file"])
    path.write_text('[letterhead]\nagency = "Phòng Mẫu"\n[sheet.results]\nsymbol = "KQ"\n', encoding="utf-8")
    again = proctor("sheets", "template", "--write", *root)
    assert again.status == 1
    assert "Phòng Mẫu" in path.read_text(encoding="utf-8")
    shown = proctor("sheets", "template", "--show", "--json", *root)
    for told in (written, shown):
        require_valid("sheet-template", told.json)
    kinds = shown.json["kinds"]
    assert kinds["results"]["symbol"] == "KQ"
    assert kinds["attendance"]["agency"] == "Phòng Mẫu"
    assert "Phòng Mẫu" in proctor("sheets", "template", "--show", *root).out


def test_a_wrong_key_is_an_error_with_its_line(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text('[letterhead]\nagency = "A"\nagensy = "B"\n', encoding="utf-8")
    checked = proctor("sheets", "template", "--check", str(path), "--json")
    assert checked.status == 1
    told = checked.json
    assert (told["code"], told["facts"]["line"], told["facts"]["key"]) == (
        "sheet-template-invalid",
        3,
        "letterhead.agensy",
    )
    assert "Dòng 3" in told["vi"]
    assert proctor("sheets", "template").status == 2


def test_a_file_from_elsewhere_is_taken_with_its_logo_and_a_bad_one_changes_nothing(tmp_path: Path):
    root = ("--root", str(tmp_path / "root"), "--training")
    mine = tmp_path / "stick" / "mine.toml"
    mine.parent.mkdir()
    mine.write_text('[letterhead]\nagency = "Phòng Mẫu"\n', encoding="utf-8")
    taken = proctor("sheets", "template", "--take", str(mine), "--json", *root)
    assert taken.status == 0, taken.err
    require_valid("sheet-template", taken.json)
    assert taken.json["kinds"]["attendance"]["agency"] == "Phòng Mẫu"
    held = Path(taken.json["file"]).read_bytes()
    assert held == mine.read_bytes()
    mine.write_text('[letterhead]\nagensy = "B"\n', encoding="utf-8")
    assert proctor("sheets", "template", "--take", str(mine), *root).status == 1
    assert Path(taken.json["file"]).read_bytes() == held
    assert proctor("sheets", "template", "--take", str(tmp_path / "none.toml"), *root).status != 0
