"""The examination of the machine names what is wrong with a site's own models."""

from pathlib import Path

import pytest

from proctor.config import Places
from proctor.doctor import Item, examine
from proctor.roots import ensure_training_root
from proctor.texts import load_texts
from tests.support.site_models import put

VI = load_texts("vi")


@pytest.fixture
def station(tmp_path: Path) -> Path:
    root = tmp_path / "station"
    root.mkdir()
    (root / "root.toml").write_text("", encoding="utf-8")  # the other findings are not asked for here
    return root


def found(station: Path) -> Item | None:
    items = {item.name: item for item in examine(Places(home=station.parent), VI)}
    return items.get("site-models")


def test_a_station_without_models_of_its_own_has_no_line(station: Path) -> None:
    assert found(station) is None


def test_models_whose_files_are_as_their_cards_say_are_good(station: Path) -> None:
    put(station / "models", "tiny", b"weights")
    item = found(station)
    assert item is not None
    assert (item.ok, item.detail, item.needed) == (True, "tiny", False)


@pytest.mark.parametrize("missing", [True, False])
def test_a_missing_or_altered_file_is_named(station: Path, *, missing: bool) -> None:
    put(station / "models", "good", b"weights")
    card = put(station / "models", "tiny", b"weights")
    weights = card.with_suffix(".onnx")
    if missing:
        weights.unlink()
    else:
        weights.write_bytes(b"others")
    item = found(station)
    assert item is not None
    assert not item.ok
    assert "tiny.onnx" in item.detail
    assert "good" in item.detail
    assert "proctor face model list" in item.advice


def test_in_training_it_speaks_of_the_training_root(tmp_path: Path) -> None:
    ensure_training_root(tmp_path / "training")
    places = Places(home=tmp_path)
    real = {item.name: item for item in examine(places, VI)}
    assert not real["keys"].ok
    assert {"readers", "cameras"} <= {name for name, item in real.items() if item.needed}
    assert real["training"].ok
    training = {item.name: item for item in examine(places, VI, training=True)}
    assert training["keys"].ok
    assert VI["doctor.keys.bare"] in training["keys"].detail
    assert training["trust"].ok, training["trust"].detail
    assert not {"training", "backup", "witnesses", "camera-list"} & set(training)
    assert {"readers", "cameras"} <= {name for name, item in training.items() if not item.needed}
