"""What `--camera` names is looked at before anything begins: a slip is a usage error that names the choices."""

from argparse import Namespace

import pytest

from proctor.camera_option import require_cameras
from proctor.errors import CommandError
from proctor.scenes import named_scene
from proctor.texts import load_texts


@pytest.mark.parametrize(
    ("spec", "choice"),
    [
        ("scene:", "bona-fide"),
        ("scene:foo", "flat-print"),
        ("scene:bona-fide?face=nobody", "hopper"),
        ("scene:bona-fide?light=dark", "window"),
        ("scene:bona-fide?fps=0", "fps=1…60"),
        ("scene:bona-fide?colour=red", "seed"),
    ],
)
@pytest.mark.parametrize("option", ["camera", "second_camera"])
def test_a_scene_that_is_none_is_a_usage_error_with_the_choices(option: str, spec: str, choice: str) -> None:
    with pytest.raises(CommandError) as caught:
        require_cameras(Namespace(**{option: spec}))
    assert (caught.value.code, caught.value.usage) == ("scene-unknown", True)
    for language in ("vi", "en"):
        assert choice in load_texts(language).say(caught.value.code, **caught.value.facts)


def test_a_scene_of_one_frame_a_second_is_one() -> None:
    spec = "scene:bona-fide?fps=1"
    require_cameras(Namespace(camera=spec, second_camera=None))
    assert named_scene(spec).fps == 1
