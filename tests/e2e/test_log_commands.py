"""`proctor log verify --anchor`, `log show`, `log export`, as an operator and a hostile file would use them."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from proctor.anchors import anchors_of, witness_keys
from proctor.errors import CommandError
from reports.seal import PageSeal, qr_modules, seal_text
from sessions.checkpoint import Signer
from sessions.cosignature import Cosigner, Kind
from tests import second_verifier
from tests.support.cli import Ran, proctor
from tests.support.reports_pages import needs_poppler, pictures
from tests.support.schemas import require_valid


@pytest.fixture
def root(rehearsal: dict[str, Any], tmp_path: Path) -> Path:
    """A copy of a training station after one session, to spoil."""
    folder = tmp_path / "root"
    shutil.copytree(rehearsal["root_folder"], folder)
    return folder


def verify(root: Path, *arguments: str | Path) -> Ran:
    ran = proctor("log", "verify", root, "--root", root, "--json", *arguments)
    if ran.status != 2 and "findings" in ran.json:
        require_valid("log-verify", ran.json)
    return ran


def sheet_of(root: Path) -> Path:
    return next((root / "sheets").glob("*.pdf"))


def test_verify_says_what_was_checked(root: Path) -> None:
    full = verify(root)
    assert (full.status, full.json["mode"], full.json["skipped"], full.json["findings"]) == (
        0,
        "full",
        [],
        [],
    )
    quick = verify(root, "--quick")
    assert (quick.status, quick.json["mode"]) == (0, "quick")
    assert "checkpoints" in quick.json["skipped"]
    for language, word in (("vi", "--full"), ("en", "checkpoints")):
        shown = proctor("log", "verify", root, "--root", root, "--quick", "--lang", language)
        assert word in shown.out
        assert "[" not in shown.out
    assert proctor("log", "verify", root, "--quick", "--full").status == 2


def test_a_sealed_sheet_is_an_anchor(root: Path, tmp_path: Path) -> None:
    sheet = sheet_of(root)
    ran = verify(root, "--anchor", sheet)
    assert ran.status == 0
    (row,) = ran.json["anchors"]
    assert (row["file"], row["code"]) == (sheet.name, "ok")
    assert 0 < row["size"] < ran.json["size"]
    spoiled = tmp_path / "spoiled.pdf"
    for data in (
        sheet.read_bytes() + b" ",
        sheet.read_bytes().replace(b"/Count", b"/Cxunt", 1),
        b"%PDF-1.7\n",
    ):
        spoiled.write_bytes(data)
        assert verify(root, "--anchor", spoiled).json["code"] == "anchor-sheet-unsealed"


@needs_poppler
@pytest.mark.parametrize(("dpi", "turn"), [(100, 0), (150, 2), (200, 90), (300, 0)])
def test_a_picture_of_a_sheet_is_an_anchor(root: Path, tmp_path: Path, dpi: int, turn: int) -> None:
    page = pictures(sheet_of(root).read_bytes(), tmp_path, dpi)[0].rotate(turn, expand=True, fillcolor=255)
    path = tmp_path / "photo.jpg"
    page.save(path, quality=80)
    ran = verify(root, "--anchor", path)
    assert (ran.status, ran.json["anchors"][0]["code"]) == (0, "ok"), ran.out


def test_a_checkpoint_and_a_qr_text_are_anchors(root: Path, tmp_path: Path) -> None:
    exported = proctor("log", "export", root, "--root", root, "--tiles", tmp_path / "tiles", "--json")
    assert exported.status == 0
    assert exported.json["size"] == verify(root).json["size"]
    note = tmp_path / "tiles" / "checkpoint"
    (anchor,) = anchors_of(str(sheet_of(root)))
    seed = bytes.fromhex((root / "keys" / "log-signing.key").read_text(encoding="ascii").strip())
    seal = PageSeal(
        kind="attendance",
        origin=anchor.origin,
        session_id="S",
        page=1,
        pages=1,
        size=anchor.size,
        root=anchor.root,
        roster=bytes(16),
        digest=bytes(16),
        rows=(),
    )
    text = tmp_path / "qr.txt"
    text.write_text(seal_text(seal, Signer(anchor.origin, seed)), encoding="utf-8")
    ran = verify(root, "--anchor", note, "--anchor", text)
    assert [row["code"] for row in ran.json["anchors"]] == ["ok", "ok"]


@pytest.mark.slow
def test_an_older_log_put_back_does_not_fit(tmp_path: Path) -> None:
    root, older = tmp_path / "root", tmp_path / "older"
    tiles, later = tmp_path / "tiles", tmp_path / "later"
    assert proctor("training", "--headless", "--candidates", "1", "--out", root).status == 0
    assert proctor("log", "export", root, "--root", root, "--tiles", tiles).status == 0
    shutil.copytree(root, older)
    assert proctor("training", "--headless", "--candidates", "1", "--out", root).status == 0
    assert proctor("log", "export", root, "--root", root, "--tiles", later).status == 0
    both = ("--anchor", tiles / "checkpoint", "--anchor", later / "checkpoint")
    assert verify(root, *both).status == 0
    ran = verify(older, *both)
    assert (ran.status, ran.json["code"]) == (1, "anchor-ahead")
    assert [row["code"] for row in ran.json["anchors"]] == ["ok", "anchor-ahead"]
    shown = proctor("log", "verify", older, "--root", older, *both, "--lang", "en")
    assert "cut short" in shown.out


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 5_000,
        b"PRS1:XYZ",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        b"GIF89a" + b"\xff" * 50,
        b"BM" + b"\xff" * 60,
        b"II*\x00" + b"\xff" * 60,
    ],
)
def test_a_file_that_is_no_anchor(root: Path, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "anchor"
    path.write_bytes(data)
    ran = verify(root, "--anchor", path)
    assert (ran.status, ran.json["code"]) == (1, "anchor-unreadable")
    assert not ran.json["vi"].startswith("[")


def test_a_picture_without_a_seal_or_with_another_code(root: Path, tmp_path: Path) -> None:
    blank, other = io.BytesIO(), io.BytesIO()
    Image.new("L", (400, 300), 255).save(blank, "PNG")
    modules = np.pad(np.where(np.array(qr_modules("https://example.org")), 0, 255), 4, constant_values=255)
    Image.fromarray(np.kron(modules, np.ones((6, 6))).astype(np.uint8)).save(other, "PNG")
    for picture in (blank, other):
        path = tmp_path / "picture.png"
        path.write_bytes(picture.getvalue())
        assert verify(root, "--anchor", path).json["code"] == "anchor-unreadable"


def test_a_huge_picture_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(CommandError) as error:
        anchors_of(str(path))
    assert error.value.code == "anchor-unreadable"


def test_keys_of_witnesses(root: Path, tmp_path: Path) -> None:
    key = Cosigner("proctor.witness/00000001", bytes(32), Kind.ML_DSA_44).key
    path = tmp_path / "witness.vkey"
    path.write_text(f"{key.encode()}\n", encoding="utf-8")
    assert witness_keys([str(path), key.encode()]) == (key, key)
    assert verify(root, "--witness-key", path).status == 0
    assert verify(root, "--witness-key", "a+b+c").status == 2
    assert verify(root, "--witness-key", tmp_path / "none").status != 0


def test_show(root: Path) -> None:
    first = proctor("log", "show", root, "--root", root, "--entry", "0", "--json")
    assert first.json["entries"][0]["body"]["event"] == "station-key"
    session = next(
        body["session"]
        for body in (
            proctor("log", "show", root, "--root", root, "--entry", str(seq), "--json").json["entries"][0][
                "body"
            ]
            for seq in range(6)
        )
        if body["kind"] == "open"
    )
    shown = proctor("log", "show", root, "--root", root, "--session", session)
    assert shown.status == 0
    assert '"kind":"close"' in shown.out
    assert "NGUYỄN" not in shown.out
    assert (
        proctor("log", "show", root, "--root", root, "--entry", "9999", "--json").json["code"]
        == "entry-missing"
    )
    assert proctor("log", "show", root, "--root", root).status == 2
    assert proctor("log", "show", root, "--entry", "1", "--session", "S").status == 2


def test_rows_go_through_the_second_verifier(root: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    done = proctor("log", "export", root, "--root", root, "--rows", rows, "--json")
    lines = rows.read_text(encoding="utf-8").splitlines()
    assert done.json["lines"] == len(lines)
    vkey = (root / "station.vkey").read_text(encoding="utf-8")
    verdict: dict[str, Any] = second_verifier.verify(lines, pins=[vkey])
    mine = verify(root).json
    assert (verdict["code"], verdict["size"], verdict["root"]) == ("ok", mine["size"], mine["root"])
    assert json.loads(lines[0])["slots"]["destroyed"] == []
    assert (
        proctor("log", "export", root, "--root", root, "--rows", rows).status == 1
    )  # nothing is overwritten


def test_wrong_usage_of_export(root: Path, tmp_path: Path) -> None:
    assert proctor("log", "export", root, "--root", root).status == 2
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "x").touch()
    ran = proctor("log", "export", root, "--root", root, "--tiles", taken, "--json")
    assert ran.json["code"] == "export-folder-not-empty"
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"\x07" * 40_960)
    key = root / "keys" / "database.key"
    ran = proctor("log", "export", broken, "--key-file", key, "--rows", tmp_path / "r", "--json")
    assert ran.status == 1
    assert ran.json["code"] == "store-cannot-open"


def test_a_log_from_elsewhere_with_its_key_file(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copyfile(root / "station.db", folder / "log.db")
    key = root / "keys" / "database.key"
    fingerprint = verify(root).json["station_key"]
    common = ("log", "verify", folder / "log.db", "--key-file", key, "--station-key", fingerprint, "--json")
    ran = proctor(*common)
    assert (ran.status, ran.json["skipped"]) == (0, ["evidence-not-decrypted"])
    slots = root / "keys" / "evidence.slots"
    assert proctor(*common, "--evidence-keys", slots).status == 0
    spoiled = tmp_path / "spoiled.slots"
    spoiled.write_bytes(slots.read_bytes()[:64] + bytes(64 * 1024))
    assert proctor(*common, "--evidence-keys", spoiled).json["code"] == "log-altered-evidence"
