"""The limits of one conversation with a chip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """`pace_tries`: keys sent to one chip. `bac_allowed`: whether Basic Access Control may open a chip that
    offers no PACE. `total_s`: seconds for each of the three steps, the card in the reader. `resume_s`: seconds
    that a lifted card may be away. `block_octets`: most plain octets in one READ BINARY, 0 for what the chip is
    known to give. `extended_length`: True and False are taken as known, None is found out (`length_probe`)."""

    pace_tries: int = 4
    bac_allowed: bool = False
    total_s: float = 30.0
    resume_s: float = 20.0
    block_octets: int = 0
    extended_length: bool | None = None
