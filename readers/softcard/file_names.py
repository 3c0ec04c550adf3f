"""The files of the chip that stand outside the application, beside those of `readers.emrtd.files`."""

from __future__ import annotations

from typing import Final

from readers.emrtd.files import ALL_FILES, EF_CARD_ACCESS, FileSpec

CARD_SECURITY: Final = FileSpec(name="CardSecurity", file_id=0x011D, sfi=0x1D, tag=0x30)
"""In the master file; the application's EF.SOD has the same identifiers (9303-10 3.11.3)."""
ATR_INFO: Final = FileSpec(name="ATR/INFO", file_id=0x2F01, sfi=0x01, tag=0x47)
MASTER_FILES: Final = (EF_CARD_ACCESS, CARD_SECURITY, ATR_INFO)
APPLICATION_FILES: Final = tuple(
    spec for spec in ALL_FILES if spec.name.startswith("DG") or spec.name in ("COM", "SOD")
)
