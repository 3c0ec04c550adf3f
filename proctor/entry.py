"""Where the program begins: loading takes a second, and Ctrl-C in it is no error either."""

import sys


def main() -> int:
    """Run one command and return its exit status."""
    try:
        from proctor.cli import main as run  # noqa: PLC0415 - loading it is what may be interrupted
    except KeyboardInterrupt:
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
