"""Where the program begins: loading takes a second, and Ctrl-C in it is no error either."""

import os
import sys


def main() -> int:
    """Run one command and return its exit status. Its children look for no module in the current folder."""
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        from proctor.cli import main as run  # noqa: PLC0415 - loading it is what may be interrupted

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
