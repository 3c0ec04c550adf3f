"""Sounds and spoken words, never in the way: one thread, the newest wish only, a player that can be killed.

Fixed prompts are WAV files that come with the program; what has none is said by espeak-ng where it is installed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from typing import Final

FOLDER: Final = Path(__file__).parent.parent / "sounds"
LONGEST_S: Final = 8.0
MOST_CHARACTERS: Final = 200
PLAYERS: Final[tuple[tuple[str, ...], ...]] = (
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("afplay",),
    ("play", "-q"),
)
VOICES: Final = {"vi": "vi", "en": "en-gb"}

Find = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One thing to hear. `data`: what goes to the program's standard input."""

    command: tuple[str, ...]
    data: bytes = b""


def player(find: Find = shutil.which, platform: str = sys.platform) -> tuple[str, ...]:
    """Return the command that plays a WAV file whose name follows it; () where there is none."""
    if platform == "win32":
        script = "import sys, winsound; winsound.PlaySound(sys.argv[1], winsound.SND_FILENAME)"
        return (sys.executable, "-c", script)
    for command in PLAYERS:
        program = find(command[0])
        if program is not None:
            return (program, *command[1:])
    return ()


class Sounds:
    """Plays and says, when `on`. What is still heard is cut off by what comes next: the newest counts."""

    def __init__(
        self,
        *,
        language: str = "vi",
        on: bool = True,
        speech: bool = True,
        folder: Path = FOLDER,
        find: Find = shutil.which,
    ) -> None:
        self.language = language
        self.on = on
        self.speech = speech
        self._folder = folder
        self._player = player(find)
        self._speaker = find("espeak-ng")
        self._changed = Condition()
        self._sound: Wish | None = None
        self._words: Wish | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._thread = Thread(target=self._run, name="sounds", daemon=True)

    @property
    def can_play(self) -> bool:
        """Whether this machine has something that plays sounds."""
        return bool(self._player)

    @property
    def can_speak(self) -> bool:
        """Whether this machine can say what no file was recorded of."""
        return self._speaker is not None

    def start(self) -> None:
        """Begin to wait for wishes."""
        self._thread.start()

    def close(self, wait_s: float = 2.0) -> None:
        """Be silent, and end the thread."""
        with self._changed:
            self._ended = True
            self._sound = self._words = None
            self._hush()
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(wait_s)

    def turn(self) -> bool:
        """Be silent from now on, or be heard again; return which."""
        with self._changed:
            self.on = not self.on
            if not self.on:
                self._sound = self._words = None
                self._hush()
            return self.on

    def play(self, name: str) -> None:
        """Play one of the desk's sounds; what was still to be heard is dropped."""
        file = self._folder / f"{name}.wav"
        if self.on and self._player and file.is_file():
            self._ask(Wish(command=(*self._player, str(file))), words=False)

    def speak(self, name: str, text: str) -> None:
        """Say a fixed text after the sound of this moment; `text`: its words, for where no file of that name came
        along."""
        if not (self.on and self.speech):
            return
        file = self._folder / self.language / f"{name}.wav"
        if self._player and file.is_file():
            self._ask(Wish(command=(*self._player, str(file))))
        else:
            self.say(text)

    def say(self, text: str) -> None:
        """Say any words, a name for example, by espeak-ng: they go to its standard input, so that no list of
        processes shows them."""
        if not (self.on and self.speech) or self._speaker is None or not text.strip():
            return
        command = (self._speaker, "-v", VOICES.get(self.language, "vi"), "--stdin")
        self._ask(Wish(command=command, data=text[:MOST_CHARACTERS].encode()))

    def _ask(self, wish: Wish, *, words: bool = True) -> None:
        """Take a wish. A sound comes at once, and what was to be said before it is not said any more; words come after
        the sound of their moment, and only the newest."""
        with self._changed:
            if self._ended:
                return
            if words:
                self._words = wish
            else:
                self._sound, self._words = wish, None
                self._hush()
            self._changed.notify_all()

    def _hush(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _run(self) -> None:
        while (wish := self._next()) is not None:
            self._hear(wish)

    def _next(self) -> Wish | None:
        with self._changed:
            while not (self._sound or self._words or self._ended):
                self._changed.wait()
            if self._ended:
                return None
            wish = self._sound or self._words
            if wish is self._sound:
                self._sound = None
            else:
                self._words = None
            return wish

    def _hear(self, wish: Wish) -> None:
        try:
            with self._changed:
                if self._ended:
                    return
                self._process = process = _started(wish.command)
            process.communicate(wish.data, timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        except OSError:
            return  # no sound is no reason to stop: word, colour and shape say it too
        finally:
            with self._changed:
                self._process = None


def _started(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
