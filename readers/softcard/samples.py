"""The catalogue of software cards: honest specimens, hostile and broken ones. The holders do not exist.

mau             NGUYỄN VĂN MẪU, issued this year, genuine in everything (the default)
second          another specimen, genuine in everything
expired         the first specimen on a card that expired in 2024
altered-dg1     a letter of the name changed after signing
altered-dg2     an octet of the portrait changed after signing
unknown-signer  signed under a CSCA that no store holds
revoked         signed by a document signer that is on the CRL
clone           files of a genuine card, without the key of DG15
no-aa           no key at all: neither Active nor Chip Authentication
hidden-dg15     a clone that withholds DG15, which EF.SOD lists
wrong-mac       spoils the MAC of its answers while EF.SOD is read
pulled          taken out of the reader in the middle of DG2
mute            falls silent in the middle of DG2
huge-length     DG2 announces four gigabytes
dead            answers every command with 6F00
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from readers.emrtd.dates import PartialDate
from readers.errors import ReaderError
from readers.softcard.faults import NO_FAULTS, Faults
from readers.softcard.holder import HolderRecord
from readers.softcard.personalise import ChipImage, personalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from readers.softcard.pki import TrainingPki

DEFAULT_SAMPLE: Final = "mau"
_MIDDLE_OF_DG2: Final = 4096
_HUGE: Final = 0xFFFFFFFF
_WEEK: Final = timedelta(days=7)


class UnknownSampleError(ReaderError):
    """There is no software card of this name; fact `name`."""

    code = "softcard-sample-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One entry of the catalogue."""

    description: str
    holder: Literal["mau", "second", "expired"] = "mau"
    signer: Literal["", "revoked", "unknown"] = ""
    faults: Faults = NO_FAULTS
    chip_proofs: bool = True


_SAMPLES: Final[Mapping[str, Sample]] = MappingProxyType(
    {
        "mau": Sample(description="genuine specimen, issued this year (the default)"),
        "second": Sample(description="another genuine specimen", holder="second"),
        "expired": Sample(description="genuine, but expired in 2024", holder="expired"),
        "altered-dg1": Sample(
            description="a letter of the name changed after signing", faults=Faults(altered=frozenset({1}))
        ),
        "altered-dg2": Sample(
            description="an octet of the portrait changed after signing",
            faults=Faults(altered=frozenset({2})),
        ),
        "unknown-signer": Sample(description="signed under a CSCA that no store holds", signer="unknown"),
        "revoked": Sample(description="signed by a document signer that is on the CRL", signer="revoked"),
        "clone": Sample(
            description="copy of a genuine card without its key", faults=Faults(foreign_active_key=True)
        ),
        "no-aa": Sample(description="no key: neither Active nor Chip Authentication", chip_proofs=False),
        "hidden-dg15": Sample(
            description="a copy that withholds DG15, which EF.SOD lists",
            faults=Faults(hidden=frozenset({"DG15"}), unlisted=frozenset({15})),
        ),
        "wrong-mac": Sample(
            description="spoils the MAC of its protected answers",
            faults=Faults(answer="wrong-mac", answer_after=6),
        ),
        "pulled": Sample(
            description="taken out of the reader in the middle of DG2",
            faults=Faults(pulled_at=_MIDDLE_OF_DG2),
        ),
        "mute": Sample(
            description="falls silent in the middle of DG2", faults=Faults(mute_at=_MIDDLE_OF_DG2)
        ),
        "huge-length": Sample(
            description="DG2 announces four gigabytes", faults=Faults(announced_octets=_HUGE)
        ),
        "dead": Sample(description="answers every command with 6F00", faults=Faults(dead=True)),
    }
)


def samples() -> Mapping[str, str]:
    """Name of every sample and what it is, in one line each."""
    return MappingProxyType({name: sample.description for name, sample in _SAMPLES.items()})


def sample_holder(name: str, *, today: date) -> HolderRecord:
    """The holder of a sample; the default's card was issued in the year of `today`. Raises
    UnknownSampleError."""
    kind = _require(name).holder
    issued = max(date(today.year, 1, 1), today - _WEEK)
    if kind == "second":
        return HolderRecord(
            id_number="001199000002",
            full_name="Trần Thị Mẫu",
            birth=PartialDate(year=1999, month=3, day=8),
            sex="Nữ",
            issued=issued,
        )
    return HolderRecord(
        id_number="001099000001",
        full_name="Nguyễn Văn Mẫu",
        birth=PartialDate(year=1999, month=1, day=15),
        sex="Nam",
        issued=date(2021, 6, 1) if kind == "expired" else issued,
        old_number="012345678",
    )


def sample_card(name: str, portrait_jpeg: bytes, pki: TrainingPki, *, now: datetime) -> ChipImage:
    """Personalise a sample with this portrait, signed at `now` (UTC). Raises UnknownSampleError."""
    sample = _require(name)
    signers = {"": pki.signer, "revoked": pki.revoked_signer, "unknown": pki.unknown_signer}
    return personalise(
        sample_holder(name, today=now.date()),
        portrait_jpeg,
        pki,
        now=now,
        faults=sample.faults,
        signer=signers[sample.signer],
        chip_proofs=sample.chip_proofs,
    )


def _require(name: str) -> Sample:
    if name not in _SAMPLES:
        raise UnknownSampleError(name=name[:64], known=" ".join(_SAMPLES))
    return _SAMPLES[name]
