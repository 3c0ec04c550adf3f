"""`proctor pad report` and `record` with stand-ins for the networks: what is counted, named and written."""

import csv
import io
import os
from contextlib import nullcontext
from pathlib import Path
from random import Random
from types import SimpleNamespace

import numpy as np
import pytest

from biometrics.decode import PortraitDecoder
from biometrics.errors import FaceNoMatchError, RecordedCameraError
from biometrics.frames import Burst, Frame
from biometrics.pad.errors import PadTurnFailedError
from biometrics.pad.finding import PadPassed
from biometrics.pad.recording import FRAME_LIMITS, Recording, Shown, read_recording, write_recording
from proctor import pad_recording
from proctor import pad_report as module
from proctor.commands import pad as commands
from proctor.pad_render import labels_of
from tests.support.cli import Ran, proctor
from tests.support.portraits import NOTICE, hopper_path
from tests.support.schemas import require_valid

CHECKS = ("pad", "pad-turn", "pad-eyes", "pad-flash")
_WEIGHTS = SimpleNamespace(weights=SimpleNamespace(sha256="00" * 32))


class Engine:
    """Stands in for the face engine: a frame whose first pixel is dark belongs to another person."""

    models = SimpleNamespace(detector=_WEIGHTS, embedder=_WEIGHTS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def thresholds(self, **_):
        return SimpleNamespace(model="stand-in")

    def reference(self, image):
        return image

    def usable(self, frame):
        return True

    def probe(self, burst):
        return burst

    def require_match(self, reference, live, thresholds):
        if live.frames[0].image[0, 0, 0] < 50:
            raise FaceNoMatchError


@pytest.fixture(autouse=True)
def stand_ins(home, monkeypatch):
    """The subject says how the checks end: "P-pass…", "P-fail…", "P-unclear…", "P-noflash…"."""

    def judge(recording, engine, **_):
        way = recording.subject.partition("-")[2].split(".")[0]
        answers = dict.fromkeys(CHECKS, ("passed", {}))
        if way in {"fail", "unclear"}:
            answers["pad-turn"] = ("failed" if way == "fail" else way, {"why": "flat", "ratio_e4": 12})
        if way == "noflash":
            del answers["pad-flash"]
        return answers

    monkeypatch.setattr(module, "judge", judge)
    monkeypatch.setattr(commands, "FaceEngine", SimpleNamespace(load=Engine))


def put(
    folder: Path, subject: str, *, species="flat-print", level=200, reference=True, seed=None, **more
) -> Path:
    """Write a recording of three small frames."""
    random = np.random.default_rng(abs(hash(folder)) if seed is None else seed)
    frames = []
    for number in range(3):
        image = random.integers(0, 255, (16, 16, 3), dtype=np.uint8)
        image[0, 0] = level
        frames.append(Frame(image=image, monotonic_s=number / 10, number=number + 1))
    fields = {"source": "rendered", "split": "report", **more}
    label = "bona-fide" if species == "bona-fide" else "attack"
    shown = (Shown(at_s=0.0, prompt="look-ahead"),)
    portrait = hopper_path().read_bytes() if reference else None
    recording = Recording(
        label=label,
        species=species,
        subject=subject,
        shown=shown,
        frames=frames,
        reference=portrait,
        **fields,
    )
    write_recording(folder, recording)
    return folder


def report(folder: Path, *words: str) -> Ran:
    ran = proctor("pad", "report", folder, "--json", *words)
    if ran.status in {0, 1} and "groups" in ran.json:
        require_valid("pad-report", ran.json)
    return ran


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    for number in range(3):
        put(folder / "prints" / f"{number}", f"P-fail.{number}")
    put(folder / "prints" / "through", "P-pass.1")
    put(folder / "prints" / "other-face", "P-pass.2", level=10)
    put(folder / "prints" / "unclear", "P-unclear.1")
    put(folder / "prints" / "no-flash", "P-noflash.1")
    put(folder / "phones" / "1", "P-fail.1", species="phone-still", reference=False)
    put(folder / "people" / "1", "P-pass.3", species="bona-fide")
    put(folder / "people" / "2", "P-fail.4", species="bona-fide")
    put(folder / "tuned" / "1", "P-pass.4", split="tuning")
    put(folder / "lab" / "1", "P-fail.5", source="laboratory")
    return folder


def test_figures_by_source_split_species_and_for_all_required_checks(recordings):
    ran = report(recordings)
    assert ran.status == 0, ran.json["not_evaluated"]
    groups = {(group["source"], group["split"]): group for group in ran.json["groups"]}
    assert set(groups) == {("rendered", "report"), ("rendered", "tuning"), ("laboratory", "report")}
    main = groups["rendered", "report"]
    assert main["required"]["worst"] == "flat-print"
    assert (main["required"]["apcer"]["count"], main["required"]["apcer"]["n"]) == (2, 5)
    prints, phones = main["required"]["attacks"]
    assert (prints["apnrr"]["count"], prints["apnrr"]["n"], prints["missing"]) == (1, 6, 1)
    assert phones["apcer"]["rule_of_three"] == 1.0
    assert main["required"]["bona_fide"]["bpcer"] == {
        "count": 1, "n": 2, "share": 0.5, "low": 0.012579, "high": 0.987421, "rule_of_three": None,
    }  # fmt: skip
    assert main["iapar"]["species"]["flat-print"]["count"] == 1, "the other face does not match"
    assert main["iapar"]["species"]["flat-print"]["n"] == 6
    assert main["iapar"]["no_reference"] == 1
    turn = next(check for check in main["checks"] if check["check"] == "pad-turn")
    assert turn["attacks"][0]["apcer"]["n"] == 6
    said = set(ran.json["statements"])
    assert {
        "rendered",
        "laboratory",
        "tuning",
        "not-certified",
        "no-rules",
        "missing",
        "no-reference",
    } <= said
    lacks = {(row["code"], row["source"]) for row in ran.json["lacking"]}
    assert ("subjects", "laboratory") in lacks
    assert not any(source == "rendered" for _, source in lacks)


def test_rules_say_which_checks_are_required(recordings):
    ran = report(recordings, "--rules", "driving-tt108-2026")
    assert ran.json["required"] == list(CHECKS)
    assert ran.json["rules"] == "driving-tt108-2026"
    assert "no-rules" not in ran.json["statements"]


def test_what_cannot_be_evaluated_is_named_and_the_exit_status_says_so(recordings, tmp_path):
    put(recordings / "bad" / "toml", "P-fail.1")
    (recordings / "bad" / "toml" / "recording.toml").write_text("version = 1\nlabel = \x07")
    lost = put(recordings / "bad" / "lost-frame", "P-fail.1")
    (lost / "0002.png").unlink()
    key = put(recordings / "bad" / "key", "P-fail.1")
    table = key / "recording.toml"
    table.write_text(table.read_text().replace('label = "attack"', 'label = "guess"'))
    none = put(recordings / "bad" / "no-table", "P-fail.1")
    (none / "recording.toml").unlink()
    portrait = put(recordings / "bad" / "portrait", "P-fail.9")
    (portrait / "reference.jpg").write_bytes(b"\xff\xd8 no picture")
    light = put(recordings / "bad" / "light", "P-fail.1")
    (light / "conditions.toml").write_text('light = "window"\nperson = "somebody"')
    twice = put(recordings / "bad" / "twice-a", "P-fail.8", seed=5)
    put(recordings / "bad" / "twice-b", "P-pass.8", seed=5)
    ran = report(recordings)
    assert ran.status == 1
    named = {row["folder"].removeprefix("bad/"): row for row in ran.json["not_evaluated"]}
    assert set(named) == {"toml", "lost-frame", "key", "no-table", "portrait", "light", "twice-b"}
    assert named["lost-frame"]["file"] == "0002.png"
    assert named["key"]["facts"]["key"] == "label"
    assert (named["portrait"]["file"], named["portrait"]["left_out"]) == ("reference.jpg", False)
    assert named["twice-b"]["facts"]["other"] == twice.relative_to(recordings).as_posix()
    assert ran.json["recordings"] == {"found": 20, "evaluated": 14, "left_out": 6}
    assert all(row["vi"] and "[" not in row["vi"][:1] for row in named.values())


def test_names_of_folders_cannot_forge_the_report(tmp_path):
    folder = tmp_path / "r"
    put(folder / "a|b\n## APCER 0 %\x1b[2J", "P-fail.1")
    (folder / "c").mkdir()
    (folder / "c" / "recording.toml").write_text("")
    ran = proctor("pad", "report", folder, "--lang", "en")
    assert "\n## APCER 0" not in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize("language", ["vi", "en"])
def test_words_say_what_rendered_attacks_are_and_that_nothing_is_certified(recordings, tmp_path, language):
    out = tmp_path / "out.md"
    ran = proctor("pad", "report", recordings, "--out", out, "--lang", language)
    text = out.read_text(encoding="utf-8")
    assert ran.out.rstrip("\n") == text.rstrip("\n")
    for words in {
        "vi": (
            "không phải tấn công trong phòng thí nghiệm",
            "Không có gì ở đây được chứng nhận",
            "quy tắc số ba",
            "chưa",
        ),
        "en": ("are not laboratory attacks", "Nothing here is certified", "rule of three", "IAPAR"),
    }[language]:
        assert words in text
    assert "[pad." not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows
    assert all(row.endswith("|") for row in rows)


def test_a_table_for_a_spreadsheet(recordings, tmp_path):
    out = tmp_path / "out.csv"
    report(recordings, "--out", str(out))
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    (found,) = [
        row
        for row in rows
        if (row["source"], row["split"], row["check"], row["species"], row["measure"])
        == ("rendered", "report", "required", "flat-print", "APCER")
    ]
    assert (found["count"], found["n"], found["share"]) == ("2", "5", "0.4")


def test_conditions_have_figures_of_their_own(tmp_path):
    for number, light in enumerate(("window", "office", "office")):
        place = put(tmp_path / "r" / str(number), f"P-fail.{number}", source="field")
        (place / "conditions.toml").write_text(f'light = "{light}"\ndevice = "laptop-a"\n')
    ran = report(tmp_path / "r")
    found = {(row["name"], row["value"]): row["apcer"]["n"] for row in ran.json["groups"][0]["conditions"]}
    assert found == {("device", "laptop-a"): 3, ("light", "office"): 2, ("light", "window"): 1}
    lacks = {row["code"]: (row["have"], row["need"]) for row in ran.json["lacking"]}
    assert lacks["lights"] == (2, 3)
    assert lacks["presentations"] == (3, 150)


def test_nothing_to_report_on(tmp_path):
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "none", hopper_path()):
        ran = report(place)
        assert (ran.status, ran.json["code"]) == (1, "pad-no-recordings")
    assert report(tmp_path, "--out", str(tmp_path / "x.pdf")).status == 2


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_links_are_not_followed(tmp_path):
    put(tmp_path / "r" / "1", "P-fail.1")
    (tmp_path / "r" / "again").symlink_to(tmp_path / "r")
    assert report(tmp_path / "r").json["recordings"]["found"] == 1


# -- recording ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"--consent-on-file": None}, "consent-on-file"),
        ({"--consent-on-file": "  "}, "consent-on-file"),
        ({"--species": "flat-print"}, "--species"),
        ({"--label": "attack"}, "--species"),
        ({"--subject": "001099012345"}, "P017"),
        ({"--subject": "001.099.012.345"}, "P017"),
        ({"--subject": "Nguyễn Văn A"}, "--subject"),
        ({"--light": "Cửa sổ"}, "--light"),
        ({"--split": "../x"}, "--split"),
        ({"--checks": "pad,smile"}, "--checks"),
    ],
)
def test_what_is_not_recorded(tmp_path, monkeypatch, change, code):
    monkeypatch.setattr(commands, "open_camera", lambda *a, **k: pytest.fail("the camera was switched on"))
    options = {
        "--camera": str(hopper_path()), "--label": "bona-fide", "--subject": "P017", "--out": str(tmp_path / "out"),
        "--consent-on-file": "cabinet 3", **change,
    }  # fmt: skip
    words = [word for option, value in options.items() if value is not None for word in (option, value)]
    ran = proctor("pad", "record", *words)
    assert ran.status == 2
    assert code in ran.err
    assert not (tmp_path / "out").exists()


class Screen:
    can_flash, skip_asked = True, False

    def prompt(self, prompt): ...
    def hint(self, code): ...
    def colour(self, rgb): ...


class Camera:
    """Noise at ten frames a second, on a clock of its own; every third frame comes within the same millisecond."""

    info = None

    def __init__(self):
        self.number = 0

    def now(self):
        return 1000.0 + (self.number - self.number % 3 // 2) / 10

    def next_frame(self, notice, *, after=None, deadline_s=2.0, spacing_s=0.0):
        self.number += 1
        image = np.random.default_rng(self.number).integers(0, 255, (32, 32, 3), dtype=np.uint8)
        return Frame(image=image, monotonic_s=self.now(), number=self.number)

    def capture_burst(self, notice, **_):
        return Burst(frames=(self.next_frame(notice),), notice=notice, camera_kind="scene")

    def pause(self): ...


def test_what_camera_and_screen_did_becomes_a_recording_that_reads_back(tmp_path, monkeypatch):
    class Challenger:
        def __init__(self, faces, camera, screen, notice, **_):
            self.camera, self.screen = camera, screen

        def order(self, names):
            return tuple(names)

        def run(self, name, live):
            self.screen.prompt("turn-left")
            for _ in range(6):
                self.camera.next_frame(NOTICE)
            if name == "pad-eyes":
                return PadPassed(facts={}, not_performed_code="pad-skipped")
            self.screen.colour((10, 20, 30))
            raise PadTurnFailedError(why="flat")

        def require_no_artefact(self, live, burst):
            return PadPassed(facts={})

    monkeypatch.setattr(pad_recording, "Challenger", Challenger)
    faces = SimpleNamespace(usable=lambda frame: True, probe=lambda burst: burst, forget=lambda: None)
    found = pad_recording.record(
        Camera(), Screen(), faces, NOTICE, random=Random(1), checks=("pad", "pad-turn", "pad-eyes")
    )
    assert found.answers == {"pad": "passed", "pad-turn": "failed"}, "what was skipped has no answer"
    labels = pad_recording.Labels(
        label="attack",
        species="flat-print",
        subject="P017",
        source="field",
        split="report",
        device="a",
        light="b",
    )
    for number in (1, 2):
        place = pad_recording.write_recorded(tmp_path, found, labels, consent="cabinet 3", reference=None)
        assert place == tmp_path / "flat-print" / f"P017-{number:04d}", "one subject, several presentations"
    with PortraitDecoder(FRAME_LIMITS) as decoder:
        again = read_recording(place, decoder)
        times = [frame.monotonic_s for frame in again.frames]
    assert [one.prompt or one.colour for one in again.shown] == ["turn-left", (10, 20, 30), "turn-left"]
    assert len(times) >= 8
    assert times == sorted(set(times))
    assert times[0] == 0.0
    assert module.read_conditions(place) == {"device": "a", "light": "b"}
    assert (place / "consent.txt").read_text() == "cabinet 3\n"
    assert report(tmp_path).json["recordings"]["evaluated"] == 1, "the same frames twice count once"


@pytest.mark.parametrize(
    ("text", "seeds"), [("1,3,5", (1, 3, 5)), ("1-4", (1, 2, 3, 4)), ("7, 2-3,2", (7, 2, 3))]
)
def test_seeds(text, seeds):
    assert commands.seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "1,", "a", "-1", "5-1", "1-99999", "1e3", "٣"])
def test_what_are_no_seeds(text, tmp_path):
    assert proctor("pad", "render", tmp_path / "out", f"--seeds={text}").status == 2


def test_an_unknown_species_is_named_with_the_known_ones(tmp_path):
    ran = proctor("pad", "render", tmp_path / "out", "--seeds", "1", "--species", "wax-head")
    assert ran.status == 2
    assert "wax-head" in ran.err
    assert "bent-print" in ran.err


def test_one_portrait_is_one_subject_however_varied():
    made = [labels_of("flat-print", seed, "room") for seed in range(1, 24, 2)]
    assert {labels.subject for labels, _ in made} == {"astronaut"}
    assert len({words for _, words in made}) == len(made), "which variation and seed is said"
    assert labels_of("bona-fide", 2, "room")[0].subject == "hopper"


@pytest.mark.parametrize(
    ("label", "more", "allowed"),
    [
        ("bona-fide", (), False),
        ("bona-fide", ("--training",), False),
        ("attack", (), False),
        ("attack", ("--training",), True),
    ],
)
def test_a_source_that_is_no_camera_records_an_attack_in_training_only(
    tmp_path, monkeypatch, label, more, allowed
):
    asked = []

    def opened(spec, *, allow_recorded):
        asked.append(allow_recorded)
        raise RecordedCameraError(kind="file")

    monkeypatch.setattr(commands, "open_camera", opened)
    monkeypatch.setattr(commands.FaceWorker, "start", lambda *a, **k: nullcontext())
    monkeypatch.setattr(commands.CandidateWindow, "start", lambda *a, **k: nullcontext(Screen()))
    species = ("--species", "flat-print") if label == "attack" else ()
    words = (
        "--camera",
        str(hopper_path()),
        "--label",
        label,
        *species,
        "--subject",
        "P017",
        "--consent-on-file",
        "x",
    )
    ran = proctor("pad", "record", *words, "--out", str(tmp_path / "out"), *more)
    assert (ran.status, asked) == (1, [allowed])
    assert not (tmp_path / "out").exists()
