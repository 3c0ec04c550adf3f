"""The catalogue of software cards: honest specimens of every kind, hostile and broken ones. The table is
`samples.toml`; the holders do not exist."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from readers.emrtd.dates import PartialDate
from readers.errors import ReaderError
from readers.softcard.chip_keys import FRESH_KEYS
from readers.softcard.faults import NO_FAULTS, Faults
from readers.softcard.holder import HolderRecord
from readers.softcard.options import CCCD, ChipOptions
from readers.softcard.personalise import ChipImage, personalise
from readers.softcard.tables import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from readers.softcard.chip_keys import KeySource
    from readers.softcard.pki import Credential, TrainingPki

DEFAULT_SAMPLE: Final = "mau"
_JPEG: Final = b"\xff\xd8\xff"
_COMMENT_OCTETS: Final = 60_000
_WEEK: Final = timedelta(days=7)


class UnknownSampleError(ReaderError):
    """There is no software card of this name; fact `name`."""

    code = "softcard-sample-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One entry of the catalogue.

    signer: "" the honest one, "revoked", "unknown", or a row of odd_signer in the training PKI. signed_days_ago:
    when. portrait_octets: the portrait is filled up to so many. replaced_by: the sample that is put back after the
    card was lifted, "" the same card."""

    about: str
    vi: str
    holder: Literal["mau", "second", "expired", "indefinite", "year-only", "odd-expiry"] = "mau"
    signer: str = ""
    signed_days_ago: int = 0
    chip: ChipOptions = CCCD
    faults: Faults = NO_FAULTS
    portrait_octets: int = 0
    replaced_by: str = ""


@cache
def catalogue() -> Mapping[str, Sample]:
    """Every sample by name, in the order of the table. Raises TableError where the table is wrong."""
    text = resources.files("readers.softcard").joinpath("samples.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    return MappingProxyType({name: read_record(Sample, row, name) for name, row in rows.items()})


def samples(language: str = "en") -> Mapping[str, str]:
    """Name of every sample and what it is, in one line each; language "vi" or "en"."""
    return MappingProxyType(
        {name: sample.vi if language == "vi" else sample.about for name, sample in catalogue().items()}
    )


def require_sample(name: str) -> Sample:
    """The entry of this name. Raises UnknownSampleError."""
    known = catalogue()
    if name not in known:
        raise UnknownSampleError(name=name[:64], known=" ".join(known))
    return known[name]


def sample_holder(name: str, *, today: date) -> HolderRecord:
    """The holder of a sample; the default's card was issued in the year of `today`. Raises
    UnknownSampleError."""
    kind = require_sample(name).holder
    issued = max(date(today.year, 1, 1), today - _WEEK)
    if kind == "second":
        return HolderRecord(
            id_number="001199000002",
            full_name="Trần Thị Mẫu",
            birth=PartialDate(year=1999, month=3, day=8),
            sex="Nữ",
            issued=issued,
        )
    return _changed(_specimen(issued), kind)


def _specimen(issued: date) -> HolderRecord:
    return HolderRecord(
        id_number="001099000001",
        full_name="Nguyễn Văn Mẫu",
        birth=PartialDate(year=1999, month=1, day=15),
        sex="Nam",
        issued=issued,
        old_number="012345678",
    )


def _changed(holder: HolderRecord, kind: str) -> HolderRecord:
    """The first specimen at another time of its life."""
    match kind:
        case "expired":
            return replace(holder, issued=date(2021, 6, 1))
        case "indefinite":
            return replace(holder, expires="indefinite")
        case "year-only":
            return replace(holder, birth=PartialDate(year=1999))
        case "odd-expiry":
            return replace(holder, expires=holder.issued.replace(day=1, month=7, year=holder.issued.year + 5))
        case _:
            return holder


def sample_card(
    name: str,
    portrait: bytes,
    pki: TrainingPki,
    *,
    now: datetime,
    keys: KeySource = FRESH_KEYS,
    extra: Faults | None = None,
) -> ChipImage:
    """Personalise a sample with this portrait, signed at `now` (UTC). Raises UnknownSampleError.

    `extra`: whose incidents are added to the sample's own."""
    sample = require_sample(name)
    faults = sample.faults
    if extra is not None:
        faults = replace(faults, incidents=faults.incidents + extra.incidents)
    return personalise(
        sample_holder(name, today=now.date()),
        _filled(portrait, sample.portrait_octets),
        pki,
        now=now - timedelta(days=sample.signed_days_ago),
        options=sample.chip,
        faults=faults,
        signer=_signer(sample, pki),
        keys=keys,
    )


def _filled(portrait: bytes, octets: int) -> bytes:
    """The picture, at least so many octets long: a JPEG gets comments behind its start, others zeros at their
    end."""
    missing = octets - len(portrait)
    if missing <= 0 or not portrait.startswith(_JPEG):
        return portrait.ljust(octets, b"\0")
    filling = bytearray()
    while len(filling) < missing:
        size = min(_COMMENT_OCTETS, max(missing - len(filling), 4))
        filling += (
            b"\xff\xfe" + (size - 2).to_bytes(2, "big") + bytes(index % 251 for index in range(size - 4))
        )
    return portrait[:2] + bytes(filling) + portrait[2:]


def _signer(sample: Sample, pki: TrainingPki) -> Credential:
    if not sample.signer:
        return pki.signer_for(sample.chip)
    known = {"revoked": pki.revoked_signer, "unknown": pki.unknown_signer}
    return known.get(sample.signer) or pki.odd_signer(sample.signer)
