"""Sounds: the newest counts, nothing waits, a player that hangs is killed; and the files that come along."""

import io
import sys
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from biometrics.candidate_screen import Prompt
from proctor.desk.sounds import FOLDER, LONGEST_S, MOST_CHARACTERS, Sounds, player
from proctor.desk.state import SoundName
from tests.support.make_sounds import SPOKEN, TONES, tone

PLAYS = """
name = pathlib.Path(sys.argv[-1]).stem
log.open("a").write(f"begin {{name}}\\n")
time.sleep({})
log.open("a").write(f"end {{name}}\\n")
"""
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="programs that are scripts")


def program(path: Path, body: str) -> str:
    path.write_text(
        f"#!{sys.executable}\nimport sys, time, pathlib\nlog = pathlib.Path({str(path.parent / 'log')!r})\n{body}\n"
    )
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sounds"
    (made / "vi").mkdir(parents=True)
    for name in ("admit", "refuse", "vi/wait"):
        (made / f"{name}.wav").write_bytes(b"RIFF")
    return made


@pytest.fixture
def heard(tmp_path: Path) -> Callable[[], list[str]]:
    log = tmp_path / "log"
    return lambda: log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def make(tmp_path: Path, folder: Path) -> Iterator[Callable[..., Sounds]]:
    made: list[Sounds] = []

    def start(seconds: float = 0.0, **options: object) -> Sounds:
        known = {
            "aplay": program(tmp_path / "aplay", PLAYS.format(seconds)),
            "espeak-ng": program(
                tmp_path / "espeak-ng",
                "log.open('a').write(' '.join(sys.argv[1:]) + ': ' + sys.stdin.read() + '\\n')",
            ),
        }
        sounds = Sounds(folder=folder, find=known.get, **options)
        sounds.start()
        made.append(sounds)
        return sounds

    yield start
    for sounds in made:
        began = time.monotonic()
        sounds.close()
        assert time.monotonic() - began < 1.5
        assert not sounds._thread.is_alive()


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not until() and time.monotonic() < end:
        time.sleep(0.005)
    assert until()


@on_posix
def test_words_come_after_the_sound_of_their_moment(
    make: Callable[..., Sounds], heard: Callable[[], list[str]]
) -> None:
    sounds = make(0.05)
    sounds.play("admit")
    sounds.speak("wait", "Xong. Mời chờ giám thị.")
    wait(lambda: len(heard()) == 4)
    assert heard() == ["begin admit", "end admit", "begin wait", "end wait"]


@on_posix
def test_the_next_sound_cuts_off_what_is_heard_and_what_was_to_be_said(
    make: Callable[..., Sounds], heard: Callable[[], list[str]]
) -> None:
    sounds = make(3.0)
    began = time.monotonic()
    sounds.play("admit")
    wait(lambda: heard() == ["begin admit"])
    for _ in range(50):
        sounds.speak("wait", "")
    sounds.play("refuse")
    wait(lambda: heard()[-1] == "begin refuse")
    assert heard() == ["begin admit", "begin refuse"]
    assert time.monotonic() - began < 2.5


@on_posix
def test_what_has_no_file_is_said_by_the_speaker_and_no_list_of_processes_shows_it(
    make: Callable[..., Sounds], heard: Callable[[], list[str]]
) -> None:
    sounds = make()
    sounds.say("Nguyễn Văn Mẫu")
    wait(lambda: len(heard()) == 1)
    assert heard() == ["-v vi --stdin: Nguyễn Văn Mẫu"]
    sounds.language = "en"
    sounds.speak("no-such-file", "x" * 1000)
    wait(lambda: len(heard()) == 2)
    assert heard()[1] == "-v en-gb --stdin: " + "x" * MOST_CHARACTERS


@on_posix
def test_silence_is_kept_by_a_key(make: Callable[..., Sounds], heard: Callable[[], list[str]]) -> None:
    sounds = make()
    assert not sounds.turn()
    sounds.play("admit")
    sounds.say("a")
    assert sounds.turn()
    sounds.speech = False
    sounds.speak("wait", "b")
    sounds.play("refuse")
    wait(lambda: heard() == ["begin refuse", "end refuse"])


@on_posix
def test_a_player_that_cannot_start_costs_nothing(folder: Path) -> None:
    sounds = Sounds(folder=folder, find={"aplay": "/nonexistent/aplay"}.get)
    sounds.start()
    assert not sounds.can_speak
    sounds.play("admit")
    sounds.play("no-such-sound")
    time.sleep(0.05)
    assert sounds._thread.is_alive()
    sounds.close()
    assert not sounds._thread.is_alive()


def test_each_system_has_its_player() -> None:
    assert player({"aplay": "/usr/bin/aplay"}.get, "linux") == ("/usr/bin/aplay", "-q")
    assert player({"afplay": "/usr/bin/afplay"}.get, "darwin") == ("/usr/bin/afplay",)
    assert player({}.get, "linux") == ()
    assert player({}.get, "win32")[0] == sys.executable


def test_the_desks_sounds_come_along_and_are_made_again_bit_for_bit() -> None:
    assert set(TONES) == set(get_args(SoundName))
    for name in TONES:
        assert (FOLDER / f"{name}.wav").read_bytes() == tone(name)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_prompt_is_said_in_both_languages_and_shortly(language: str) -> None:
    assert {*get_args(Prompt)} - {"done"} <= set(SPOKEN)
    for name in SPOKEN:
        with wave.open(io.BytesIO((FOLDER / language / f"{name}.wav").read_bytes())) as file:
            assert 0.5 < file.getnframes() / file.getframerate() < LONGEST_S
