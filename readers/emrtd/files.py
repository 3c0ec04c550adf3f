"""The files of the eMRTD application (9303-10 3.11, 4.7): identifiers, tags and the caps on their length."""

from __future__ import annotations

from dataclasses import dataclass

LDS1_AID = bytes.fromhex("A0000002471001")
KIB = 1024
SMALL_CAP = 4 * KIB
SOD_CAP = 8 * KIB
DG2_CAP = 64 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpec:
    """One elementary file: identifier, short identifier, tag of its template, cap on its whole length in
    octets.

    `at_least`: octets that every such file has, so that the first read may ask for them."""

    name: str
    file_id: int
    sfi: int
    tag: int
    cap: int = SMALL_CAP
    at_least: int = 8

    @property
    def file_id_bytes(self) -> bytes:
        """The identifier as SELECT carries it."""
        return self.file_id.to_bytes(2, "big")


def _data_group(number: int, tag: int) -> FileSpec:
    return FileSpec(
        name=f"DG{number}",
        file_id=0x0100 + number,
        sfi=number,
        tag=tag,
        cap=_CAPS.get(number, SMALL_CAP),
        at_least=_AT_LEAST.get(number, 8),
    )


_CAPS = {2: DG2_CAP, 11: DG2_CAP, 12: DG2_CAP, 13: 16 * KIB}
"""DG11 and DG12 may hold pictures."""
_AT_LEAST = {1: 77, 2: 256, 15: 64}


_DATA_GROUP_TAGS = (
    0x61,
    0x75,
    0x63,
    0x76,
    0x65,
    0x66,
    0x67,
    0x68,
    0x69,
    0x6A,
    0x6B,
    0x6C,
    0x6D,
    0x6E,
    0x6F,
    0x70,
)

EF_CARD_ACCESS = FileSpec(name="CardAccess", file_id=0x011C, sfi=0x1C, tag=0x31, at_least=16)
EF_CARD_SECURITY = FileSpec(
    name="CardSecurity", file_id=0x011D, sfi=0x1D, tag=0x30, cap=SOD_CAP, at_least=256
)
"""In the master file, where its identifiers are not those of EF.SOD; not among ALL_FILES."""
EF_COM = FileSpec(name="COM", file_id=0x011E, sfi=0x1E, tag=0x60, at_least=16)
EF_SOD = FileSpec(name="SOD", file_id=0x011D, sfi=0x1D, tag=0x77, cap=SOD_CAP, at_least=256)
DATA_GROUPS: dict[int, FileSpec] = {
    number: _data_group(number, tag) for number, tag in enumerate(_DATA_GROUP_TAGS, start=1)
}
DG1 = DATA_GROUPS[1]
DG2 = DATA_GROUPS[2]
DG11 = DATA_GROUPS[11]
DG12 = DATA_GROUPS[12]
DG13 = DATA_GROUPS[13]
DG14 = DATA_GROUPS[14]
DG15 = DATA_GROUPS[15]

ALL_FILES = (EF_CARD_ACCESS, EF_COM, EF_SOD, *DATA_GROUPS.values())


def data_group_by_tag(tag: int) -> FileSpec | None:
    """The data group whose template has this tag, or None."""
    return next((spec for spec in DATA_GROUPS.values() if spec.tag == tag), None)
