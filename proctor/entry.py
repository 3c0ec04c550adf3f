"""Where the program begins: loading takes a second, and Ctrl-C in it is no error either."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proctor.station_process import Waiting

_NO_WINDOW = {"--json", "--help", "-h"}


def main() -> int:
    """Run one command and return its exit status. Its children look for no module in the current folder."""
    os.environ["PYTHONSAFEPATH"] = "1"
    waiting: Waiting | None = None
    try:
        waiting = _window(sys.argv[1:])
        from proctor.cli import main as run  # noqa: PLC0415 - loading it is what may be interrupted

        return run(window=None if waiting is None else waiting.start)
    except KeyboardInterrupt:
        return 130
    finally:
        if waiting is not None:
            waiting.close()


def _window(words: list[str]) -> "Waiting | None":
    """Begin the process of the station's window where these words ask for one: it loads while this one does."""
    if words[:1] not in ([], ["station"]) or _NO_WINDOW.intersection(words):
        return None
    from proctor.station_process import Waiting, has_display  # noqa: PLC0415 - a moment, too

    return Waiting() if has_display(os.environ) else None


if __name__ == "__main__":
    sys.exit(main())
