"""Anchors on a stick: what is written, that it is read back, and that nothing is entered when it does not come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor import anchoring
from proctor.anchoring import anchor_name, fetch_anchor, key_of, write_anchor
from proctor.errors import CommandError
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.witness.cosigning import push
from proctor.witness.errors import WitnessPinError
from proctor.witness.settings import add_witness
from sessions.anchor import parse_anchor
from sessions.checkpoint import Checkpoint, Signer
from sessions.record import Second
from sessions.witness_protocol import LeftEntry
from tests.support.witness import Host, hosted, make_folder

SECOND = Second(user_id="nv02", role="trainee", proof="training")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenRoot]:
    with open_training(ensure_training_root(tmp_path / "root")) as found:
        yield found


@pytest.fixture
def host(tmp_path: Path, opened: OpenRoot) -> Iterator[Host]:
    with hosted(make_folder(tmp_path / "w1")) as found:
        found.trust(opened.keys.bundle.signer(opened.root.origin))
        add_witness(opened, found.witness(required=True), SECOND)
        yield found


def shred(opened: OpenRoot) -> int:
    body = {"scope": "session", "reason": "x", "targets": []}
    return opened.store.append("shred", body, operator=opened.require_login().operator, second=SECOND).seq


def exports(opened: OpenRoot) -> list[object]:
    return [entry.body for entry in opened.store.entries("export")]


def test_note_and_erasures_come_back_from_the_stick(opened: OpenRoot, host: Host, tmp_path: Path) -> None:
    seqs = [shred(opened), shred(opened)]
    written = write_anchor(opened, tmp_path / "stick")
    anchor = parse_anchor(written.note.read_bytes())
    key = key_of(opened.store, anchor.size)
    assert (anchor.size, anchor.root) == (written.head.size, written.head.root)
    assert anchor.proven_by([key])
    assert anchor.proven_by([], [host.folder.key])
    document = json.loads(written.shreds.read_text(encoding="utf-8"))
    rows = [LeftEntry.of_row(row) for row in document["entries"]]
    assert [row.verify(key)["seq"] for row in rows] == seqs
    (body,) = exports(opened)
    assert (body["what"], body["size"], body["sha256"]) == ("anchor", anchor.size, written.sha256)
    again = write_anchor(opened, tmp_path / "stick", session="HL-20261122-01")
    assert again.head.size == written.head.size + 1
    assert exports(opened)[-1]["session"] == "HL-20261122-01"


@pytest.mark.parametrize("place", ["note", "shreds.json"])
def test_what_does_not_come_back_is_not_entered(
    opened: OpenRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    shred(opened)
    real = anchoring._from_medium

    def spoilt(path: Path) -> bytes:
        data = real(path)
        if path.name.endswith(place):
            middle = len(data) // 2
            return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        return data

    monkeypatch.setattr(anchoring, "_from_medium", spoilt)
    with pytest.raises(CommandError, match="anchor-not-read-back"):
        write_anchor(opened, tmp_path / "stick")
    assert exports(opened) == []


def test_a_folder_that_cannot_be_written(opened: OpenRoot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(CommandError, match="cannot-write"):
        write_anchor(opened, tmp_path / "file")
    assert exports(opened) == []


def test_after_a_rotation_the_checkpoint_that_covers_it_is_the_old_keys(
    opened: OpenRoot, tmp_path: Path
) -> None:
    operator = opened.require_login().operator
    new = Signer(opened.store.origin, bytes(32))
    shred(opened)
    opened.store.rotate_key(new, {"custody": "file", "reason": "x"}, operator=operator, second=SECOND)
    size = opened.store.head().size
    assert key_of(opened.store, size) != new.key
    write_anchor(opened, tmp_path / "stick")
    assert key_of(opened.store, opened.store.head().size) == new.key
    write_anchor(opened, tmp_path / "stick")


def test_a_witness_gives_the_same_back(opened: OpenRoot, host: Host, tmp_path: Path) -> None:
    seq = shred(opened)
    push(opened.store, [host.witness()])
    head = opened.store.head()
    note, shreds, fetched, count = fetch_anchor(host.witness(), head.origin, tmp_path / "fetched")
    assert (fetched, count) == (head, 1)
    anchor = parse_anchor(note.read_bytes())
    assert anchor.proven_by([key_of(opened.store, head.size)])
    (row,) = json.loads(shreds.read_text(encoding="utf-8"))["entries"]
    assert LeftEntry.of_row(row).seq == seq
    with pytest.raises(CommandError, match="witness-knows-nothing"):
        fetch_anchor(host.witness(), "proctor.real/00000000", tmp_path / "fetched")
    with pytest.raises(WitnessPinError):
        fetch_anchor(host.witness(pin="00" * 32), head.origin, tmp_path / "fetched")


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("proctor.real/0a1b2c3d", "anchor-0a1b2c3d-7"),
        ("proctor.real/0a1b2c3d/2", "anchor-0a1b2c3d-2-7"),
        ("other", "anchor-log-7"),
        ("a/..%$x", "anchor-..__x-7"),
    ],
)
def test_files_are_named_by_station_and_size(origin: str, name: str) -> None:
    assert anchor_name(Checkpoint(origin=origin, size=7, root=bytes(32))) == name
