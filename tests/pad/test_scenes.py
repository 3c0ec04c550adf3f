"""The renderer by itself: time, reactions, depth, light; and the control: each attack fools the comparison."""

import cv2
import numpy as np
import pytest

from biometrics.candidate_screen import CandidateScreen
from biometrics.detect import Face
from biometrics.engine import FaceEngine
from biometrics.errors import CameraGoneError, NoticeMissingError
from biometrics.frame_camera import FrameCamera
from biometrics.frames import Image
from biometrics.scenes.actors import SPECIES
from biometrics.scenes.camera import SceneCamera
from biometrics.scenes.clips import Clip
from biometrics.scenes.portraits import Variation, prepare_portrait, vary_portrait
from biometrics.scenes.raycast import Lens, Pose, cast
from biometrics.scenes.scene import Scene
from biometrics.scenes.specs import SceneSpecError, is_scene, parse_spec, scene_from_spec
from biometrics.scenes.surface import Build, head_surface
from tests.support.portraits import NOTICE, picture
from tests.support.scenes import ATTACKS, detector, scene_camera, subject


@pytest.fixture(scope="module")
def faces():
    with FaceEngine.load() as engine:
        yield engine


def frames(camera: SceneCamera, count: int) -> list[Image]:
    return [camera.next_frame(NOTICE).image for _ in range(count)]


def face_of(image: Image) -> Face:
    found = detector().detect(image)
    assert found
    return found[0]


def aside(face: Face) -> float:
    """Where the nose stands between the eyes: 0 in the middle, > 0 towards the image's right."""
    left, right, nose = face.points[:3]
    line = right - left
    return float((nose - (left + right) / 2) @ line / (line @ line))


def parallax(before: Face, after: Face) -> float:
    """How far the nose moves against the plane of eyes and mouth, in eye distances, towards the image's right."""
    plane = [0, 1, 3, 4]
    matrix = cv2.getPerspectiveTransform(
        before.points[plane].astype(np.float32), after.points[plane].astype(np.float32)
    )
    expected = matrix @ np.array([*before.points[2], 1.0])
    line = (after.points[1] - after.points[0]) / np.linalg.norm(after.points[1] - after.points[0])
    moved = (after.points[2] - expected[:2] / expected[2]) @ line
    return float(moved / before.eye_distance_px)


def test_it_is_a_camera_and_a_screen():
    camera = scene_camera("bona-fide", subject("astronaut"), seed=1)
    as_camera: FrameCamera = camera
    as_screen: CandidateScreen = camera.scene
    assert as_camera.info.kind == "scene"
    assert not as_camera.info.physical
    assert as_screen.can_flash
    assert not as_screen.skip_asked


def test_the_same_seed_and_prompts_give_the_same_frames_and_another_seed_others():
    def film(seed: int) -> list[Image]:
        camera = scene_camera("bona-fide", subject("astronaut"), seed=seed)
        first = frames(camera, 2)
        camera.scene.prompt("turn-left")
        camera.scene.colour((30, 200, 40))
        return first + frames(camera, 4)

    one, again, other = film(5), film(5), film(7)
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_time_passes_with_the_frames_and_only_with_them():
    camera = scene_camera("flat-print", subject("astronaut"), seed=1)
    assert camera.now() == camera.now() == 0.0
    burst = camera.capture_burst(NOTICE, frames=4, spacing_s=0.1)
    times = [frame.monotonic_s for frame in burst.frames]
    assert [frame.number for frame in burst.frames] == sorted({frame.number for frame in burst.frames})
    assert min(np.diff(times)) >= 0.1
    assert camera.now() == times[-1]
    assert burst.camera_kind == "scene"


def test_a_burst_that_nothing_in_it_pleases_ends_at_its_deadline_with_the_newest_frames():
    camera = scene_camera("flat-print", subject("astronaut"), seed=1)
    burst = camera.capture_burst(NOTICE, frames=3, deadline_s=1.0, accept=lambda frame: False)
    assert len(burst.frames) == 3
    assert camera.now() == pytest.approx(1.0, abs=0.1)


def test_no_frame_without_notice_none_after_closing_and_none_later_than_the_deadline():
    camera = scene_camera("flat-print", subject("astronaut"), seed=1)
    with pytest.raises(NoticeMissingError):
        camera.next_frame(None)  # type: ignore[arg-type]
    with pytest.raises(CameraGoneError):
        camera.next_frame(NOTICE, deadline_s=0.01)
    assert camera.now() == pytest.approx(0.01)  # the time that was waited passed, and no frame came
    camera.close()
    camera.close()
    with pytest.raises(CameraGoneError):
        camera.next_frame(NOTICE)


@pytest.mark.parametrize(("prompt", "sign"), [("turn-left", 1), ("turn-right", -1)])
def test_a_candidate_turns_as_asked_after_a_while_and_comes_back(prompt, sign):
    camera = scene_camera("bona-fide", subject("astronaut"), seed=3, fps=5.0)
    before = face_of(frames(camera, 3)[-1])
    camera.scene.prompt(prompt)
    at_once = face_of(frames(camera, 1)[-1])  # 0.2 s later nobody has reacted
    turned = face_of(frames(camera, 8)[-1])
    camera.scene.prompt("look-ahead")
    back = face_of(frames(camera, 10)[-1])
    assert abs(aside(at_once) - aside(before)) < 0.06
    assert sign * (aside(turned) - aside(before)) > 0.15
    assert abs(aside(back) - aside(before)) < 0.12


def test_a_head_has_depth_a_flat_print_has_none_though_it_is_turned_too():
    moved = {}
    for species in ("bona-fide", "flat-print"):
        camera = scene_camera(species, subject("astronaut"), seed=1, fps=5.0)
        before = [face_of(image) for image in frames(camera, 3)]
        camera.scene.prompt("turn-left")
        after = [face_of(image) for image in frames(camera, 12)[-3:]]
        moved[species] = np.median([parallax(a, b) for a in before for b in after])
    assert moved["bona-fide"] > 0.12
    assert abs(moved["flat-print"]) < 0.08


def test_the_far_side_of_a_turned_head_is_hidden_by_it():
    surface = head_surface(subject("astronaut").portrait, Build())
    ahead = cast(surface, Pose(y=1.5), Lens())
    turned = cast(surface, Pose(yaw=35.0, y=1.5), Lens())
    assert ahead is not None
    assert turned is not None
    right = (
        surface.texture_origin[0] + 0.95 * surface.texture_per_e
    )  # the image's right cheek, hair before the ear

    def seen(view) -> int:
        return int(((view.map_x > right) & (view.cover > 128)).sum())

    assert seen(turned) < 0.5 * seen(ahead)


def test_eyes_close_when_asked_and_open_again_and_a_print_keeps_them_open():
    def eyes(image: Image) -> float:
        """How dark the darkest of the eye is against the cheek."""
        face = face_of(image)
        grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1.5)
        x, y = face.points[0].round().astype(int)
        return float(
            grey[y - 6 : y + 7, x - 8 : x + 9].min() / np.median(grey[y + 18 : y + 30, x - 8 : x + 9])
        )

    dark = {}
    for species in ("bona-fide", "flat-print"):
        camera = scene_camera(species, subject("astronaut"), seed=1, fps=5.0)
        opened = eyes(frames(camera, 3)[-1])
        camera.scene.prompt("close-eyes")
        closed = eyes(frames(camera, 8)[-1])
        camera.scene.prompt("open-eyes")
        dark[species] = opened, closed, eyes(frames(camera, 8)[-1])
    opened, closed, again = dark["bona-fide"]
    assert closed > opened + 0.1
    assert again == pytest.approx(opened, abs=0.08)
    assert dark["flat-print"][1] == pytest.approx(dark["flat-print"][0], abs=0.06)


def face_colour(images: list[Image]) -> np.ndarray:
    """The mean of the linear light of the middle of the face, blue, green, red."""
    face = face_of(images[0])
    x, y = (int(v) for v in face.centre)
    part = np.stack([image[y - 25 : y + 40, x - 30 : x + 30] for image in images])
    return ((part / 255.0) ** 2.2).mean(axis=(0, 1, 2))


@pytest.mark.parametrize(
    ("species", "light", "low", "high"),
    [
        ("bona-fide", "room", 0.04, 0.35),
        ("bona-fide", "window", 0.001, 0.03),
        ("flat-print", "room", 0.04, 0.35),
        ("phone-still", "room", -0.02, 0.03),
        ("injected-stream", "room", -0.02, 0.02),
    ],
)
def test_the_screens_colour_falls_on_faces_and_paper_but_hardly_on_a_telephone(species, light, low, high):
    camera = scene_camera(species, subject("astronaut"), seed=9, light=light, fps=15.0)
    camera.scene.colour((20, 20, 250))
    blue = face_colour(frames(camera, 6)[2:])
    camera.scene.colour((250, 200, 20))
    yellow = face_colour(frames(camera, 6)[2:])
    change = np.log(blue[0] / blue[1]) - np.log(yellow[0] / yellow[1])
    assert low <= change <= high


def test_a_film_fed_in_knows_nothing_of_prompts_and_light():
    told, alone = (scene_camera("injected-stream", subject("astronaut"), seed=1) for _ in range(2))
    told.scene.prompt("close-eyes")
    told.scene.colour((0, 0, 255))
    for one, other in zip(frames(told, 3), frames(alone, 3), strict=True):
        assert np.array_equal(one, other)


def test_a_film_repeats_itself_byte_for_byte_and_not_before_its_end():
    clip = Clip(subject("astronaut").portrait, np.random.default_rng(1), fps=2.0)
    film = [clip.frame(number / 2.0).tobytes() for number in range(round(clip.length_s * 2.0) + 2)]
    assert film[-2:] == film[:2]
    assert len(set(film)) == len(film) - 2


@pytest.mark.parametrize("species", ATTACKS)
def test_without_a_challenge_each_attack_is_taken_for_the_victim(faces, species):
    """The control: if an attack did not even match, its failure elsewhere would prove nothing."""
    person = subject("astronaut")
    camera = scene_camera(species, person, seed=1)
    live = faces.probe(camera.capture_burst(NOTICE, frames=3, accept=faces.usable))
    match = faces.require_match(faces.reference(person.photograph), live, faces.thresholds())
    assert match.score >= faces.thresholds().accept


def test_variations_of_a_portrait_are_faces_and_differ():
    plain = picture("hopper")
    changed = Variation(mirrored=True, tone=-0.6, warmth=0.05, narrow=0.3, glasses=True)
    image = vary_portrait(plain, detector(), changed)
    assert face_of(image).score > 0.8
    skin = face_of(plain)
    assert image.mean() < plain.mean()
    assert face_of(image).centre[0] == pytest.approx(plain.shape[1] - skin.centre[0], abs=6)
    assert Variation.drawn(0) == Variation()
    assert Variation.drawn(3) == Variation.drawn(3)
    assert len({str(Variation.drawn(seed)) for seed in range(8)}) == 8


def test_a_scene_by_name():
    portrait = prepare_portrait(picture("astronaut"), detector())
    scene = scene_from_spec("scene:flat-print?seed=3&light=window&fps=10", portrait)
    assert isinstance(scene, Scene)
    assert scene.fps == 10.0
    assert is_scene("scene:x")
    assert not is_scene("/dev/video0")
    assert {parse_spec(f"scene:{name}").species for name in SPECIES} == set(SPECIES)


@pytest.mark.parametrize(
    ("spec", "defect"),
    [
        ("scene:", "species"),
        ("scene:ghost", "species"),
        ("flat-print", "species"),
        ("scene:flat-print?seed=-1", "number"),
        ("scene:flat-print?seed=99999999999", "number"),
        ("scene:flat-print?seed=", "number"),
        ("scene:flat-print?fps=0", "number"),
        ("scene:flat-print?light=moon", "light"),
        ("scene:flat-print?colour=red", "key"),
    ],
)
def test_a_scene_without_a_meaning_is_refused_by_name(spec, defect):
    with pytest.raises(SceneSpecError) as caught:
        parse_spec(spec)
    assert caught.value.facts == {"defect": defect}
