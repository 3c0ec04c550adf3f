"""Recordings: what is written comes back, and what is wrong is named."""

import numpy as np
import pytest

from biometrics.decode import PortraitDecoder
from biometrics.frames import Frame
from biometrics.pad import recording as module
from biometrics.pad.errors import RecordingError
from biometrics.pad.recording import FRAME_LIMITS, Recording, Shown, read_recording, write_recording


@pytest.fixture(scope="module")
def decoder():
    with PortraitDecoder(FRAME_LIMITS) as one:
        yield one


def made(**changes):
    random = np.random.default_rng(1)
    frames = tuple(
        Frame(image=random.integers(0, 255, (12, 16, 3), np.uint8), monotonic_s=1.0 + n / 15, number=n + 1)
        for n in range(4)
    )
    shown = (
        Shown(at_s=1.0, prompt="turn-left"),
        Shown(at_s=1.5, colour=(0, 255, 10)),
        Shown(at_s=2.0),
    )
    values = {
        "label": "attack", "species": "flat-print", "subject": "p-1", "source": "rendered", "split": "tuning",
        "shown": shown, "frames": frames, "reference": b"\xff\xd8\xff",
    }  # fmt: skip
    return Recording(**{**values, **changes})


def test_what_is_written_comes_back(tmp_path, decoder):
    write_recording(tmp_path / "a", made())
    read = read_recording(tmp_path / "a", decoder)
    assert (read.label, read.species, read.subject, read.source, read.split) == (
        "attack", "flat-print", "p-1", "rendered", "tuning",
    )  # fmt: skip
    assert read.shown == made().shown
    assert read.reference == b"\xff\xd8\xff"
    assert [f.number for f in read.frames] == [1, 2, 3, 4]
    for one, other in zip(read.frames, made().frames, strict=True):
        assert one.monotonic_s == pytest.approx(other.monotonic_s, abs=1e-3)
        np.testing.assert_array_equal(one.image, other.image)
    assert [f.number for f in read.frames[1:3]] == [2, 3]
    assert read.frames[-1] is read.frames[3]


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "note.txt").write_text("x", encoding="utf-8")
    with pytest.raises(RecordingError) as error:
        write_recording(tmp_path, made())
    assert error.value.facts["why"] == "not-empty"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("version = 1", "version = 2", "version"),
        ('label = "attack"', 'label = "real"', "label"),
        ('species = "flat-print"', 'species = "Flat print"', "species"),
        ('subject = "p-1"', 'subject = "../p"', "subject"),
        ('split = "tuning"', "split = 3", "split"),
        ('split = "tuning"', 'splits = "tuning"', "split"),
        ('source = "rendered"', 'source = "web"', "source"),
        ('prompt = "turn-left"', 'prompt = "jump"', "shown[1].prompt"),
        ('prompt = "turn-left"', 'prompt = "turn-left"\ncolour = [1, 2, 3]', "shown[1]"),
        ("colour = [0, 255, 10]", "colour = [0, 256, 10]", "shown[2].colour"),
        ("at_ms = 1500", "at_ms = 10", "shown[2].at_ms"),
        ("at_ms = 1067", "at_ms = 1000", "frame[2].at_ms"),
        ("at_ms = 1067", "at_ms = -1", "frame[2].at_ms"),
        ("at_ms = 1200", "at_ms = 9999999", "frame"),
        ('file = "0002.png"', 'file = "../0002.png"', "frame[2].file"),
        ('file = "0002.png"', 'file = "0009.png"', "frame[2].file"),
        ('file = "0002.png"', 'file = "0002.png"\nmore = 1', "frame[2]"),
        ('reference = "reference.jpg"', 'reference = "/etc/passwd"', "reference"),
        ("version = 1", "version = ", ""),
    ],
)
def test_a_wrong_value_is_named(tmp_path, decoder, old, new, key):
    write_recording(tmp_path, made())
    table = tmp_path / "recording.toml"
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RecordingError) as error:
        read_recording(tmp_path, decoder)
    assert error.value.facts["key"] == key


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\nrest", b"GIF89a"])
def test_a_broken_frame_is_named_when_it_is_read(tmp_path, decoder, data):
    write_recording(tmp_path, made())
    (tmp_path / "0003.png").write_bytes(data)
    read = read_recording(tmp_path, decoder)
    with pytest.raises(RecordingError) as error:
        list(read.frames)
    assert error.value.facts["file"] == "0003.png"


def test_missing_table_reference_or_frames_are_named(tmp_path, decoder):
    with pytest.raises(RecordingError):
        read_recording(tmp_path, decoder)
    write_recording(tmp_path, made())
    (tmp_path / "reference.jpg").unlink()
    with pytest.raises(RecordingError) as error:
        read_recording(tmp_path, decoder)
    assert error.value.facts["file"] == "reference.jpg"


def test_counts_and_sizes_have_caps(tmp_path, decoder, monkeypatch):
    write_recording(tmp_path, made())
    for name, most in (("MAX_FRAMES", 3), ("MAX_SHOWN", 2), ("MAX_TABLE_BYTES", 50)):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, most)
            with pytest.raises(RecordingError):
                read_recording(tmp_path, decoder)


@pytest.mark.parametrize("changes", [{"species": "a b"}, {"subject": 'x"\ny = 1'}, {"split": ""}])
def test_a_value_without_a_place_in_the_table_is_not_written(tmp_path, changes):
    with pytest.raises(RecordingError):
        write_recording(tmp_path, made(**changes))
