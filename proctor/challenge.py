"""The challenge of active authentication.

Eight bytes, the first of SHA-256("proctor-aa-1" ‖ 32 fresh random bytes ‖ root of the last checkpoint). With the 32
bytes kept, the chip's answer shows that it was given not before this checkpoint. It shows nothing more.
"""

import hashlib
from dataclasses import dataclass, field

_DOMAIN = b"proctor-aa-1"
RANDOM_BYTES = 32
CHALLENGE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Challenge:
    """`random`: 32 bytes, kept encrypted with the attempt; `root`: the tree head's 32 bytes."""

    random: bytes = field(repr=False)
    root: bytes

    def __post_init__(self) -> None:
        if len(self.random) != RANDOM_BYTES or len(self.root) != 32:
            raise ValueError("a challenge needs 32 random bytes and a 32-byte root")

    @property
    def value(self) -> bytes:
        """The 8 bytes that go to the chip."""
        return hashlib.sha256(_DOMAIN + self.random + self.root).digest()[:CHALLENGE_BYTES]
