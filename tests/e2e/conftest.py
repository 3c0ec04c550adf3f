"""A home of its own for every test, and pictures for the recorded camera."""

from pathlib import Path
from typing import Any

import cv2
import pytest

from biometrics.recorded import vary
from proctor.softcards import specimen_faces
from tests.support.cli import proctor
from tests.support.plain_rules import plain_file
from tests.support.rehearsal import rehearsed

ROSTER = """SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Phòng
001,Nguyễn Văn Mẫu,15/01/1999,001099000001,B,P1
002,Trần Thị Mẫu,08/03/1999,001199000002,B,P1
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No file of the user's, no keyring of the machine's."""
    folder = tmp_path / "home"
    monkeypatch.setenv("PROCTOR_HOME", str(folder))
    monkeypatch.setenv("PROCTOR_TRACEBACK", "1")
    monkeypatch.setattr("proctor.commands.people.working_keyring", lambda: None)
    monkeypatch.setattr("proctor.roots.working_keyring", lambda: None)
    return folder


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text(ROSTER, encoding="utf-8")
    return path


def write_frames(folder: Path, name: str, *, seed: int = 3, size: tuple[int, int] = (640, 480)) -> Path:
    """A folder of pictures as a camera would give them of this specimen face."""
    folder.mkdir(parents=True, exist_ok=True)
    image, face = specimen_faces((name,))[name]
    for number, frame in enumerate(vary(image, seed=seed, face=face, frames=6, size=size)):
        cv2.imwrite(str(folder / f"{number:04d}.png"), frame)
    return folder


@pytest.fixture(scope="session")
def hopper_frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_frames(tmp_path_factory.mktemp("hopper"), "hopper")


@pytest.fixture(scope="session")
def astronaut_frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_frames(tmp_path_factory.mktemp("astronaut"), "astronaut")


@pytest.fixture(scope="session")
def plain_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules without challenges, which recorded frames could not follow."""
    return plain_file(tmp_path_factory.mktemp("rules"))


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `proctor training --json` printed, one rehearsal for the whole run; to be written into only as a copy."""
    return rehearsed(tmp_path_factory)


@pytest.fixture
def training_session(home: Path, roster: Path, plain_rules: Path) -> str:
    """The id of a training session with the two specimens on its roster."""
    made = proctor(
        *("session", "create", "--training", "--json", "--roster", roster, "--rules", plain_rules),
        *("--component", "theory", "--place", "Trung tâm Mẫu"),
    )
    assert made.status == 0, made.err
    session_id: str = made.json["id"]
    return session_id
