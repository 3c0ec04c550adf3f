"""Page seals out of photos and scans: JPEG, PNG, TIFF of many pages, WebP, or a PDF that is a scan.

The bytes may be made to harm: they are decoded and searched in a child process (`proctor.picture_process`) with limits
on memory, time, pixels and pages, which hands back nothing but short texts.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.errors import CommandError
from proctor.picture_limits import DONE, MAX_FOUND, PREFIX, TOO_LARGE, TOO_MANY, UNREADABLE, Limits

MAX_BYTES = 64 * 1024 * 1024
LIMITS = Limits(
    max_pixels=120_000_000,
    max_side=30_000,
    max_pages=200,
    memory_mib=3_072,
    seconds=90,
    page_seconds=20,
)
_START_S = 30
_MAX_TEXT = 1_500
_KEPT_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TEMP", "TMP")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSeals:
    """The texts of the seals on each page of a file, one that stands there twice twice; unverified. `whole`: no page
    was left out for lack of time.

    `empty`: pages (from 1) with nothing on them; `letters`: pages of a PDF that are drawn, and no scan; `beyond_lying`,
    `beyond_upright`: those with letters beyond the page of their seal, were it lying or upright.
    """

    pages: tuple[tuple[str, ...], ...]
    whole: bool
    empty: tuple[int, ...] = ()
    letters: tuple[int, ...] = ()
    beyond_lying: tuple[int, ...] = ()
    beyond_upright: tuple[int, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts in the order of the pages, each once."""
        return tuple(dict.fromkeys(text for page in self.pages for text in page))


def read_picture_seals(data: bytes, *, file: str = "", limits: Limits = LIMITS) -> PictureSeals:
    """Return the texts of the page seals in a file. Takes at most `limits.seconds`, and the child's start.

    Raises CommandError "picture-too-large", "picture-too-many-pages", "picture-unreadable", "picture-child".
    """
    if len(data) > MAX_BYTES:
        raise CommandError("picture-too-large", file=file, limit=MAX_BYTES >> 20)
    answers: list[dict[str, Any]] = []
    end = ""
    for line in _ask(data, limits).splitlines():
        answer = _answer(line)
        if answer is None or "end" in answer:
            end = "" if answer is None else str(answer["end"])
            break
        answers.append(answer)
    if end == DONE or answers:
        return PictureSeals(
            pages=tuple(_seals(answer.get("seals")) for answer in answers),
            whole=end == DONE,
            empty=_numbers(answers, "empty"),
            letters=_numbers(answers, "letters"),
            beyond_lying=_numbers(answers, "beyond_lying"),
            beyond_upright=_numbers(answers, "beyond_upright"),
        )
    codes = {
        TOO_LARGE: "picture-too-large",
        TOO_MANY: "picture-too-many-pages",
        UNREADABLE: "picture-unreadable",
    }
    raise CommandError(codes.get(end, "picture-unreadable"), file=file, limit=_limit_of(end, limits))


def _numbers(answers: list[dict[str, Any]], name: str) -> tuple[int, ...]:
    return tuple(number for number, answer in enumerate(answers, start=1) if answer.get(name) is True)


def _limit_of(end: str, limits: Limits) -> int:
    return limits.max_pages if end == TOO_MANY else limits.max_pixels // 1_000_000


def _ask(data: bytes, limits: Limits) -> str:
    """Return what the child said before it ended or was killed. Raises CommandError "picture-child"."""
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    environment |= {**_ONE_THREAD, "PYTHONPATH": str(Path(__file__).parent.parent)}
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "proctor.picture_process", *limits.arguments()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    except OSError:
        raise CommandError("picture-child") from None
    with child:
        try:
            said, _ = child.communicate(data, timeout=limits.seconds + _START_S)
        except subprocess.TimeoutExpired:
            child.kill()
            said, _ = child.communicate()
    return said.decode("utf-8", "replace")


def _answer(line: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _seals(found: Any) -> tuple[str, ...]:
    """Return the texts of an answer: the child read hostile bytes, so it is not believed either."""
    if not isinstance(found, list):
        return ()
    texts = [text for text in found[:MAX_FOUND] if isinstance(text, str) and len(text) <= _MAX_TEXT]
    return tuple(text for text in texts if text.startswith(PREFIX))
