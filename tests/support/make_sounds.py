"""Makes the WAV files of `proctor/sounds`: `python -m tests.support.make_sounds`.

The desk's sounds are computed here, bit for bit the same each time. The words are said by espeak-ng (speech it makes is
not under its own licence), brought down to 11,025 samples a second.
"""

import io
import shutil
import subprocess
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from proctor.texts import load_texts

FOLDER: Final = Path(__file__).parents[2] / "proctor" / "sounds"
TONE_RATE, SPEECH_RATE = 22_050, 11_025
LOUD: Final = 0.45
TONES: Final[Mapping[str, tuple[tuple[float, float], ...]]] = {
    # (hertz, seconds); 0 hertz is silence. Told apart by number and direction, not by pitch alone.
    "admit": ((660, 0.14), (0, 0.03), (990, 0.32)),
    "refer": ((590, 0.16), (0, 0.09), (590, 0.16), (0, 0.09), (590, 0.22)),
    "refuse": ((440, 0.30), (0, 0.05), (262, 0.55)),
    "attention": ((784, 0.09), (0, 0.06), (784, 0.09)),
    "scan": ((1568, 0.07),),
    "fault": ((330, 0.18), (0, 0.10), (330, 0.18)),
}
SPOKEN: Final[Mapping[str, str]] = {
    **{
        name: f"screen.{name}"
        for name in ("look-ahead", "turn-left", "turn-right", "close-eyes", "open-eyes", "watch-colours")
    },
    "admitted": "desk.speak.admitted",
    "wait": "desk.speak.wait",
}
VOICES: Final = {"vi": "vi", "en": "en-gb"}


def tone(name: str) -> bytes:
    """Return one of the desk's sounds as a WAV file."""
    parts = [_note(hertz, seconds) for hertz, seconds in TONES[name]]
    return _wav(np.concatenate(parts), TONE_RATE)


def _note(hertz: float, seconds: float) -> NDArray[np.float64]:
    at = np.arange(round(seconds * TONE_RATE)) / TONE_RATE
    edge = np.minimum(1.0, np.minimum(at, at[::-1]) / 0.012)  # no click at either end
    ring = np.sin(2 * np.pi * hertz * at) + 0.25 * np.sin(4 * np.pi * hertz * at)
    return np.round(ring * edge * LOUD / 1.25 * 32_767) / 32_767


def _wav(samples: NDArray[np.float64], rate: int) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.clip(np.round(samples * 32_767), -32_768, 32_767).astype("<i2").tobytes())
    return data.getvalue()


def speech(text: str, language: str) -> bytes:
    """Return a text as espeak-ng says it, as a WAV file without silence at its ends."""
    program = shutil.which("espeak-ng") or "espeak-ng"
    command = (program, "-v", VOICES[language], "-s", "150", "--stdin", "--stdout")
    said = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True).stdout
    with wave.open(io.BytesIO(said)) as file:
        rate = file.getframerate()
    body = said[said.index(b"data") + 8 :]  # the sizes in a header that was streamed say nothing
    samples = np.frombuffer(body[: len(body) // 2 * 2], "<i2") / 32_768
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    cut = samples[max(loud[0] - rate // 50, 0) : loud[-1] + rate // 20]
    return _wav(resample_poly(cut, SPEECH_RATE, rate), SPEECH_RATE)


def main() -> None:
    """Write every file anew."""
    FOLDER.mkdir(exist_ok=True)
    for name in TONES:
        (FOLDER / f"{name}.wav").write_bytes(tone(name))
    for language in VOICES:
        texts = load_texts(language)
        (FOLDER / language).mkdir(exist_ok=True)
        for name, key in SPOKEN.items():
            (FOLDER / language / f"{name}.wav").write_bytes(speech(texts[key], language))


if __name__ == "__main__":
    main()
