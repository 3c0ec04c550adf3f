import tomllib
from pathlib import Path

import pytest

import biometrics.errors as module
from biometrics.errors import BiometricsError, FaceNoMatchError, ModelMissingError

TEXTS = Path(__file__).parents[3] / "proctor" / "text"
CLASSES = [
    value
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, BiometricsError) and value is not BiometricsError
]


def test_codes_are_unique_and_kebab_case():
    codes = [cls.code for cls in CLASSES]
    assert len(codes) == len(set(codes))
    assert all(code == code.lower() and " " not in code and "_" not in code for code in codes)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_code_has_a_text_and_no_text_is_left_over(language):
    texts = tomllib.loads((TEXTS / language / "biometrics.toml").read_text(encoding="utf-8"))
    assert set(texts) == {cls.code for cls in CLASSES}
    assert all(len(text) > 40 for text in texts.values())


def test_only_evidence_against_is_conclusive():
    assert {cls.code for cls in CLASSES if cls.conclusive} == {"face-no-match", "camera-not-physical"}


def test_text_is_code_and_facts():
    assert str(ModelMissingError(file="a.onnx")) == "model-missing (file=a.onnx)"
    assert str(FaceNoMatchError()) == "face-no-match"
    assert dict(FaceNoMatchError(score_e4=12).facts) == {"score_e4": 12}
