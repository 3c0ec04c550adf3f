"""`proctor face model …` as a site's administrators use it, and a station whose files are not the ones they chose."""

import sys
from pathlib import Path
from unittest import mock

import pytest

from biometrics.errors import ModelUnusableError
from proctor import face_models
from proctor.roots import ensure_training_root
from tests.support import tiny_onnx
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.portraits import hopper_path
from tests.support.schemas import require_valid
from tests.support.site_models import PAD, put

SECOND = ("--second", "hai")


def model(*words: str | Path, schema: bool = True) -> Ran:
    ran = proctor("face", "model", *words, "--json")
    if schema and ran.status == 0:
        require_valid("face-model", ran.json)
    return ran


def use(name: str, *more: str) -> Ran:
    return model("use", name, "--training", *SECOND, *more)


@pytest.fixture
def folder(home: Path) -> Path:
    return ensure_training_root(home / "training").path / "models"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the process of its own, which takes seconds: `test_the_trial…` has it."""
    answer = {"ok": True, "same_e4": 9000, "other_e4": 1000, "template_ms": 1}
    pad = {"ok": True, "pad_score_e4": 1, "pad_threshold_e4": 2, "score_ms": 1}
    monkeypatch.setattr(
        face_models, "_trial", lambda path, card, deadline_s: answer if card.kind == "embedder" else pad
    )


def test_the_trial_runs_in_a_process_of_its_own_and_names_the_file(tmp_path: Path) -> None:
    good = model("check", put(tmp_path, "tiny", tiny_onnx.embedder()))
    assert (good.status, good.json["name"], good.json["dimension"]) == (0, "tiny", 192)
    assert good.json["facts"]["same_e4"] > good.json["facts"]["other_e4"]
    bad = model("check", put(tmp_path, "half", tiny_onnx.embedder()[:100]))
    assert (bad.status, bad.json["code"], bad.json["facts"]["file"]) == (1, "model-unusable", "half.onnx")
    assert "half.onnx" in bad.json["vi"]


def test_a_card_that_is_not_there_is_a_slip_of_the_keyboard(tmp_path: Path) -> None:
    ran = model("check", tmp_path / "nonexist.toml", schema=False)
    assert ran.status == 2
    assert "Không mở được tệp thẻ mô hình nonexist.toml" in ran.err


@pytest.mark.parametrize(("code", "why"), [("import os; os.abort()", "crash"), ("while True: pass", "time")])
def test_a_file_that_kills_or_holds_the_process_is_an_error_and_no_more(
    tmp_path: Path, code: str, why: str
) -> None:
    """The child dies, or never ends, as OpenCV's reader may on a file somebody made for that."""
    card = put(tmp_path, "tiny", tiny_onnx.embedder())
    fake = tmp_path / "fake"
    fake.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{code}'\n")
    fake.chmod(0o700)
    with (
        mock.patch.object(sys, "executable", str(fake)),
        pytest.raises(ModelUnusableError) as caught,
    ):
        face_models.try_card(card, deadline_s=1.0)
    assert caught.value.facts == {"file": "tiny.onnx", "why": why}


@pytest.mark.usefixtures("at_once")
def test_a_model_is_chosen_listed_and_given_up(folder: Path) -> None:
    assert model("list", "--training").json["models"] == []
    put(folder, "tiny", tiny_onnx.embedder())
    put(folder, "eyes", tiny_onnx.pad(), form=PAD)
    assert use("nobody").json["code"] == "model-unknown"
    assert model("use", "tiny", "--training").status == 2  # a second person
    assert use("tiny").json["calibrated"] is False
    assert use("tiny").json["new"] is False
    assert use("eyes").json["kind"] == "pad"
    listed = model("list", "--training").json
    assert (listed["deciding"], listed["pad"]) == ("tiny", "eyes")
    assert [(row["name"], row["state"]) for row in listed["models"]] == [
        ("eyes", "in-use"),
        ("tiny", "in-use"),
    ]
    off = model("off", "--training", *SECOND)
    assert (off.json["model"], off.json["kind"]) == ("tiny", "embedder")
    assert model("list", "--training").json["pad"] == "eyes"
    assert model("off", "--pad", "--training", *SECOND).status == 0
    again = model("off", "--training", *SECOND)
    assert (again.status, again.json["code"]) == (1, "model-none-in-use")
    assert proctor("log", "verify", "--training", "--json").status == 0


@pytest.mark.usefixtures("at_once")
def test_one_name_is_one_model_for_ever(folder: Path) -> None:
    put(folder, "tiny", tiny_onnx.embedder())
    assert use("tiny").status == 0
    put(folder, "tiny", tiny_onnx.embedder(), licence="MIT")
    assert use("tiny").json["code"] == "model-name-taken"
    put(folder, "tiny-2", tiny_onnx.embedder(), licence="MIT")
    assert use("tiny-2").status == 0


@pytest.mark.usefixtures("at_once")
def test_a_station_whose_files_are_not_the_chosen_ones_stops_and_names_them(
    folder: Path, training_session: str, tmp_path: Path
) -> None:
    card = put(folder, "tiny", tiny_onnx.embedder())
    kept = card.read_bytes()
    assert use("tiny").status == 0
    weights = folder / "tiny.onnx"

    def check_in() -> tuple[bool, str, str]:
        words = ("--session", training_session, "--reader", "softcard", "--camera", tmp_path, "--number", "-")
        ran = proctor("check-in", *words, "--json", stdin="001099000001\n").json
        return bool(ran.get("ok", True)), ran.get("code", ""), str(ran.get("facts", {}).get("file", ""))

    assert check_in()[1] == "calibration-missing"
    weights.write_bytes(weights.read_bytes() + b"x")
    assert check_in() == (False, "model-altered", "tiny.onnx")
    assert model("list", "--training").status == 1
    weights.unlink()
    assert check_in() == (False, "model-missing", "tiny.onnx")
    put(folder, "tiny", tiny_onnx.embedder(), colour="bgr")
    assert check_in() == (False, "model-altered", "tiny.toml")
    card.unlink()
    assert check_in() == (False, "model-missing", "tiny.toml")
    assert model("list", "--training").json["models"][0]["code"] == "model-missing"
    put(folder, "tiny", tiny_onnx.embedder())
    card.write_bytes(kept)
    assert check_in()[1] == "calibration-missing"
    assert model("off", "--training", *SECOND).status == 0
    assert check_in()[:2] == (True, "")


@pytest.mark.usefixtures("at_once")
def test_on_a_real_station_two_administrators_choose(home: Path) -> None:
    an, binh = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
    assert proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=an).status == 0
    role = ("--by", "an", "--role", "administrator")
    assert proctor("user", "add", "binh", *role, secrets={**an, **binh}).status == 0
    put(home / "station" / "models", "tiny", tiny_onnx.embedder())
    words = ("face", "model", "use", "tiny", "--by", "an", "--json")
    assert proctor(*words, secrets=an).status == 2
    assert proctor(*words, "--second", "an", secrets=an).status == 2
    assert proctor(*words, "--second", "binh", secrets={**an, **binh}).status == 0
    listed = proctor("face", "model", "list", "--by", "an", "--json", secrets=an).json
    assert (listed["deciding"], listed["models"][0]["state"]) == ("tiny", "in-use")


@pytest.mark.parametrize(
    ("word", "asked"),
    [("", True), ("direct", True), ("off", False), ("face_recognition", "face_recognition")],
)
def test_dlib_is_called_directly_unless_an_operator_says_otherwise(word: str, asked: object) -> None:
    assert face_models.dlib_setting({"PROCTOR_DLIB": word} if word else {}) == asked


def test_a_misspelt_setting_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCTOR_DLIB", "face-recognition")
    ran = proctor("face", "compare", hopper_path(), hopper_path())
    assert ran.status == 2
    assert "face-recognition" in ran.err
