"""Every phase of every page as a picture, in both languages: `python -m tests.gui.all_pictures build/pictures`.

At 1366×768, at 1920×1080, and at 150 % on the small screen; `index.html` shows them side by side. One process for each
area, language and size, each on a screen of its own (Xvfb): what fails is named at the end, and the exit status is 1.
`--area NAME`, `--language vi|en`, `--size NAME` do a part.
"""

import argparse
import html
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LONG_S: Final = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A screen, and how large the text is on it."""

    name: str
    screen: str
    scale: float


SIZES: Final = (
    Size(name="1366x768", screen="1366x768x24", scale=1.0),
    Size(name="1920x1080", screen="1920x1080x24", scale=1.0),
    Size(name="1366x768-150", screen="1366x768x24", scale=1.5),
)
LANGUAGES: Final = ("vi", "en")
AREA_NAMES: Final = ("desk", "roster", "session", "incidents", "sheets", "admin")
ONE: Final = (
    "import sys; from pathlib import Path; from tests.gui.looking import AREAS; "
    "AREAS[sys.argv[1]][0](Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]), [])"
)


@contextmanager
def screen_of(kind: str) -> Iterator[str]:
    """A virtual screen of its own; gives its name."""
    reading, writing = os.pipe()
    options = ("-displayfd", str(writing), "-screen", "0", kind, "-nolisten", "tcp", "-dpi", "96")
    with subprocess.Popen(
        ["Xvfb", *options], pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        try:
            yield f":{number}"
        finally:
            server.terminate()


def take(folder: Path, area: str, language: str, size: Size) -> str:
    """Take an area's pictures; return "" or what went wrong."""
    into = folder / size.name / language / area
    into.mkdir(parents=True, exist_ok=True)
    for old in into.glob("*.png"):
        old.unlink()
    with screen_of(size.screen) as display:
        ran = subprocess.run(
            [sys.executable, "-c", ONE, area, str(into), language, str(size.scale)],
            env={**os.environ, "DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=LONG_S,
            check=False,
        )
    return "" if ran.returncode == 0 else "\n".join(ran.stderr.strip().splitlines()[-8:])


def index(folder: Path) -> str:
    """Return a page that shows every picture: a row for each phase, Vietnamese and English side by side."""
    rows = []
    for area in AREA_NAMES:
        for size in SIZES:
            shown = {
                language: {
                    path.name.split(f"-{language}-")[0]: path
                    for path in sorted((folder / size.name / language / area).glob("*.png"))
                }
                for language in LANGUAGES
            }
            for phase in sorted({*shown["vi"], *shown["en"]}):
                cells = "".join(_cell(folder, shown[language].get(phase)) for language in LANGUAGES)
                title = html.escape(f"{area} · {phase} · {size.name}")
                rows.append(f"<h2>{title}</h2><p>{cells}</p>")
    style = "body{font:16px sans-serif;margin:2em}img{width:48%;border:1px solid #999;margin:0.5%}"
    return (
        f'<!doctype html><meta charset="utf-8"><title>proctor</title><style>{style}</style>{"".join(rows)}\n'
    )


def _cell(folder: Path, path: Path | None) -> str:
    if path is None:
        return ""
    name = path.relative_to(folder).as_posix()
    return f'<a href="{name}"><img loading="lazy" src="{name}" alt="{html.escape(path.stem)}"></a>'


def main() -> int:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--area", choices=AREA_NAMES, action="append")
    parser.add_argument("--language", choices=LANGUAGES, action="append")
    parser.add_argument("--size", choices=[size.name for size in SIZES], action="append")
    options = parser.parse_args()
    folder, failed = options.folder.resolve(), []
    for size in SIZES:
        if options.size and size.name not in options.size:
            continue
        for language in options.language or LANGUAGES:
            for area in options.area or AREA_NAMES:
                wrong = take(folder, area, language, size)
                count = len(list((folder / size.name / language / area).glob("*.png")))
                print(
                    f"{size.name} {language} {area}: {count} pictures{' FAILED' if wrong else ''}", flush=True
                )
                if wrong:
                    failed.append(f"{size.name} {language} {area}\n{wrong}")
    (folder / "index.html").write_text(index(folder), encoding="utf-8")
    print(f"{folder / 'index.html'}")
    for each in failed:
        print(each, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
