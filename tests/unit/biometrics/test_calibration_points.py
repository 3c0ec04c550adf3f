"""From scores to thresholds: on made-up scores whose rates are known, and scores that a stub engine makes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from biometrics.calibration_errors import (
    NothingToCompareError,
    NoThresholdError,
    PairsImageError,
    ScoreInvalidError,
    TooFewPairsError,
)
from biometrics.calibration_points import is_stated, measure, require_support, threshold_at
from biometrics.calibration_scores import Scored, same_pictures, score, shown_to_test_persons
from biometrics.det_curve import Curve, det_picture, is_supported, rates_of
from biometrics.errors import NoFaceError
from biometrics.metrics import clopper_pearson
from biometrics.pairs import read_pairs

LEGEND = {"mark": "asked", "mark-low": "asked, none wrong", "grey": "too few"}


def people(count, photos=2, groups=("",)):
    rows = ["image,subject,group"]
    for number in range(count):
        rows += [f"{number}-{photo},{number},{groups[number % len(groups)]}" for photo in range(photos)]
    return read_pairs("\n".join(rows).encode(), group="group" if any(groups) else None)


def scored(labelled, burst, single=None):
    burst = burst.astype(np.float32)
    return Scored(
        labelled=labelled,
        burst=burst,
        single=burst if single is None else single.astype(np.float32),
        enrol_failures={},
        acquire_failures={},
    )


def made_up(labelled, seed, *, impostor=(0.0, 0.1), genuine=(0.7, 0.1)):
    rng = np.random.default_rng(seed)
    lots = [rng.normal(mean, spread, len(labelled.same)) for mean, spread in (impostor, genuine)]
    return np.clip(np.where(labelled.same, lots[1], lots[0]), -1, 1)


def test_the_threshold_is_the_lowest_that_keeps_the_rate():
    impostor = np.arange(1000, dtype=np.float32) / 1000
    assert threshold_at(impostor, 0.01) == pytest.approx(
        0.9891, abs=1e-9
    )  # 0.990 … 0.999 reach it: ten of 1000
    assert (impostor.astype(np.float64) >= 0.9891).sum() == 10
    assert threshold_at(impostor, 0.0009) == pytest.approx(0.9991, abs=1e-9)
    assert threshold_at(impostor, 1.0) == -1.0
    with pytest.raises(NoThresholdError):
        threshold_at(np.ones(1000, dtype=np.float32), 0.01)


def test_rates_counts_and_intervals():
    labelled = people(90)  # 4005 pairs of people, 4 comparisons each
    found = measure(scored(labelled, made_up(labelled, 1)), [1e-3])
    assert (found.support.people, found.support.genuine) == (90, 90)
    assert (found.support.person_pairs, found.support.impostor) == (4005, 16020)
    assert [point.fmr for point in found.points] == [1e-1, 3e-2, 1e-2, 3e-3, 1e-3]
    thresholds = [point.threshold for point in found.points]
    assert thresholds == sorted(thresholds)
    for point in found.points:
        assert point.impostor.value <= point.fmr
        assert point.impostor.independent == 4005
        errors = point.impostor.errors * 4005 / 16020
        assert (point.impostor.low, point.impostor.high) == clopper_pearson(errors, 4005)
        assert point.genuine.comparisons == 90


@pytest.mark.parametrize("fmr", [1e-4, 9.9e-3])
def test_what_the_pairs_cannot_support_is_refused_with_both_numbers(fmr):
    labelled = people(25)  # 300 pairs of people, 1200 comparisons
    require_support(labelled, [1e-2])
    with pytest.raises(TooFewPairsError) as caught:
        require_support(labelled, [1e-2, fmr])
    facts = caught.value.facts
    assert (facts["have"], facts["need"]) == (300, int(np.ceil(3 / fmr - 1e-9)))
    assert (facts["comparisons"], facts["smallest"]) == (1200, "0.01")


def test_many_images_of_few_people_support_no_more():
    assert require_support(people(25, photos=4), [1e-2]).impostor == 4800
    with pytest.raises(TooFewPairsError):
        require_support(people(25, photos=4), [5e-3])


def test_one_kind_alone_measures_nothing():
    for text in ("reference,probe,same\na,b,1\n", "reference,probe,same\na,b,0\n"):
        with pytest.raises(NothingToCompareError):
            require_support(read_pairs(text.encode()), [0.5])


def test_an_error_rate_below_what_the_number_supports_is_only_bounded():
    labelled = people(90)
    found = measure(scored(labelled, made_up(labelled, 2)), [1e-2])
    none = found.points[-1].genuine
    assert (none.errors, none.low) == (0, 0.0)
    assert not is_stated(none)
    assert none.high == pytest.approx(0.0402, abs=1e-4)


def test_groups_at_the_same_threshold_and_the_worse_one_is_named():
    labelled = people(120, groups=("north", "south"))
    scores = made_up(labelled, 3)
    south = labelled.group == labelled.groups.index("south")
    scores[south & ~labelled.same] += 0.12
    scores[south & labelled.same] -= 0.4
    found = measure(scored(labelled, scores), [1e-2])
    at = {each.group: each for each in found.groups}
    assert at["north"].threshold == at["south"].threshold == found.points[-1].threshold
    assert at["south"].impostor.value > 3 * at["north"].impostor.value
    assert {(each.kind, each.group) for each in found.worse} == {("fmr", "south"), ("fnmr", "south")}
    assert all(each.clearly for each in found.worse if each.kind == "fmr")


def test_a_small_group_gets_no_figure():
    labelled = people(60, groups=("large",) * 9 + ("small",))  # six people: 15 pairs
    found = measure(scored(labelled, made_up(labelled, 4)), [1e-2])
    at = {each.group: each for each in found.groups}
    assert at["small"].impostor is None
    assert at["large"].impostor is not None
    assert found.group_support["small"].person_pairs == 15


def test_the_single_frame_stands_beside_the_burst():
    labelled = people(90)
    burst = made_up(labelled, 5, genuine=(0.6, 0.08))
    noise = np.random.default_rng(6).normal(0, 0.15, len(burst))
    found = measure(scored(labelled, burst, np.clip(burst + noise, -1, 1)), [1e-3])
    assert found.single[-1].genuine.errors > found.points[-1].genuine.errors
    assert found.single[-1].fmr == found.points[-1].fmr


def test_a_det_curve_ends_where_its_numbers_end():
    labelled = people(60)
    scores = made_up(labelled, 7, genuine=(0.25, 0.1)).astype(np.float32)
    curve = Curve(
        name="all",
        impostor=scores[~labelled.same],
        genuine=scores[labelled.same],
        person_pairs=1770,
        people=60,
    )
    fmr, fnmr = rates_of(curve)
    assert (np.diff(fmr) <= 0).all()
    assert (np.diff(fnmr) >= 0).all()
    good = is_supported(curve, fmr, fnmr)
    assert 3 / 1770 <= fmr[good].min() < 0.01
    assert 3 / 60 <= fnmr[good].min() < 0.2
    assert not good.all()
    words = {
        "title": "Đường cong DET",
        "fmr": "FMR",
        "fnmr": "FNMR",
        "note": "n",
        "empty": "{curve}: 0",
    } | LEGEND
    picture = det_picture([curve], [], words)
    image = cv2.imdecode(np.frombuffer(picture, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image.shape == (840, 960)
    assert picture == det_picture([curve], [], words)
    assert picture != det_picture([replace(curve, name="group south")], [], words)  # the legend names it
    assert picture != det_picture([curve], [], words | {"grey": "unsupported"})


def test_two_kinds_that_do_not_meet_are_said_and_not_drawn():
    curve = Curve(
        name="all",
        impostor=np.linspace(-0.2, 0.2, 100, dtype=np.float32),
        genuine=np.linspace(0.6, 0.9, 100, dtype=np.float32),
        person_pairs=100,
        people=100,
    )
    words = {
        "title": "t",
        "fmr": "FMR",
        "fnmr": "FNMR",
        "note": "n",
        "empty": "{curve}: nothing to draw",
    } | LEGEND
    assert det_picture([curve], [], words) != det_picture([curve], [], words | {"empty": ""})


@pytest.mark.parametrize("kind", ["impostor", "genuine"])
def test_scores_that_are_no_numbers_stop(kind):
    labelled = people(60)
    scores = made_up(labelled, 8)
    scores[np.flatnonzero(labelled.same == (kind == "genuine"))[3]] = np.nan
    with pytest.raises(ScoreInvalidError):
        measure(scored(labelled, scores), [1e-2])
    with pytest.raises(ScoreInvalidError):
        threshold_at(np.full(5, np.nan, dtype=np.float32), 0.1)


# -- scores ------------------------------------------------------------------------------------------


@dataclass
class Stub:
    """An engine whose template is the picture's colour; black shows no face."""

    rule: str

    def __post_init__(self):
        self.calibration = SimpleNamespace(rule=self.rule)
        self.models = SimpleNamespace(embedder=SimpleNamespace(dimension=3))

    @staticmethod
    def _of(image):
        colour = image[0, 0].astype(np.float32)
        if not colour.any():
            raise NoFaceError
        return SimpleNamespace(vector=colour / np.linalg.norm(colour))

    def reference(self, image):
        return SimpleNamespace(template=self._of(image))

    def probe(self, burst):
        frames = []
        for frame in burst.frames:
            try:
                frames.append(self._of(frame.image))
            except NoFaceError:
                continue
        if not frames:
            raise NoFaceError
        mean = np.mean([each.vector for each in frames], axis=0)
        return SimpleNamespace(templates=frames, template=SimpleNamespace(vector=mean / np.linalg.norm(mean)))


COLOURS = {
    "r": (250, 10, 10),
    "r2": (200, 60, 20),
    "r3": (90, 90, 20),
    "g": (10, 250, 10),
    "g2": (30, 220, 60),
    "black": (0, 0, 0),
}


@pytest.fixture
def folder(tmp_path):
    for name, colour in COLOURS.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((4, 4, 3), colour, dtype=np.uint8))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    return tmp_path


def run(rule, text, folder):
    told = []
    notice = shown_to_test_persons(datetime(2026, 11, 22, tzinfo=UTC))
    found = score(
        Stub(rule),
        read_pairs(text.encode()),
        folder,
        notice=notice,
        progress=lambda done, of: told.append((done, of)),
    )
    assert told == [(number, told[-1][1]) for number in range(1, told[-1][1] + 1)]
    return found


BURSTS = """reference,probe,same
r.png,r2.png;black.png;r3.png,1
r.png,g.png;g2.png,0
black.png,g.png,0
g.png,black.png,0
r.png,broken.png;r2.png,1
"""


@pytest.mark.parametrize("rule", ["mean", "best", "median"])
def test_scores_by_each_rule_and_of_the_first_good_frame(rule, folder):
    found = run(rule, BURSTS, folder)
    unit = {name: np.array(colour) / max(1.0, np.linalg.norm(colour)) for name, colour in COLOURS.items()}

    def expected(reference, frames):
        scores = [unit[reference] @ unit[frame] for frame in frames]
        mean = np.mean([unit[frame] for frame in frames], axis=0)
        by_mean = unit[reference] @ mean / np.linalg.norm(mean)
        return {"mean": by_mean, "best": max(scores), "median": median(scores)}[rule]

    assert list(found.labelled.same) == [True, False, True]
    assert found.burst == pytest.approx(
        [expected("r", ["r2", "r3"]), expected("r", ["g", "g2"]), expected("r", ["r2"])], abs=1e-6
    )
    assert found.single[0] == pytest.approx(unit["r"] @ unit["r2"], abs=1e-6)
    assert found.enrol_failures == {"face-none": 1}
    assert found.acquire_failures == {"face-none": 1}


def test_stills_are_looked_at_once_each(folder):
    found = run("mean", "image,subject\nr.png,r\nr2.png,r\ng.png,g\nbroken.png,x\nblack.png,y\n", folder)
    assert (found.burst == found.single).all()
    assert len(found.burst) == 3
    assert found.enrol_failures == found.acquire_failures == {"face-none": 1, "image-malformed": 1}


def test_an_image_that_is_not_there_is_named_by_its_row(folder):
    with pytest.raises(PairsImageError) as caught:
        run("mean", "reference,probe,same\nr.png,r2.png,1\nr.png,sub/none.png,0\n", folder)
    assert dict(caught.value.facts) == {"row": 3, "file": "none.png"}


def test_files_of_the_same_bytes_are_one_picture(folder):
    (folder / "copy.png").write_bytes((folder / "r.png").read_bytes())
    found = read_pairs(b"image,subject\nr.png,r\ng.png,g\ncopy.png,r\n")
    assert same_pictures(found, folder) == {"copy.png": "r.png"}
