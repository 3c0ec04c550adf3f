"""`python -m proctor`."""

import os.path
import sys

# `-m` puts the current folder first: what lies in it, beside a list from a USB stick, is no part of the program.
# `pathlib` itself would be looked for there.
_HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
if not sys.flags.safe_path and os.path.realpath(sys.path[0]) != _HERE:
    del sys.path[0]

from proctor.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
