"""The kinds of equipment that a desk has. By itself: the first page names them before anything else is loaded."""

from typing import Literal

DeviceKind = Literal["reader", "camera", "scanner", "screen", "printer", "disk", "clock", "collector"]
"""`screen`: the one that faces the candidate."""
