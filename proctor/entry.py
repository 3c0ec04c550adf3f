"""Where the program begins: loading takes a second, and Ctrl-C in it is no error either."""

import os
import sys
from collections.abc import Callable


def main() -> int:
    """Run one command and return its exit status. Its children look for no module in the current folder."""
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        return _load(sys.argv[1:2])()
    except KeyboardInterrupt:
        return 130


def _load(first: list[str]) -> Callable[[], int]:
    """Return what runs the command; a check of a list does not wait for readers, faces and record to load."""
    if first == ["roster"]:
        from proctor.cli_quick import main as quick  # noqa: PLC0415

        return quick
    from proctor.cli import main as run  # noqa: PLC0415 - loading it is what may be interrupted

    return run


if __name__ == "__main__":
    sys.exit(main())
