"""Reads a sample of the catalogue as a station would, and says in one word how it ended."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from readers.emrtd.access_key import MrzInformation
from readers.emrtd.passive_auth import require_chain, require_consistent, require_hashes
from readers.emrtd.reading import ChipReader, ReadLimits
from readers.errors import ReaderError
from readers.softcard.chip import SoftCard
from readers.softcard.holder import mrz_information
from readers.softcard.in_process import InProcessConnection
from readers.softcard.samples import require_sample, sample_card, sample_holder
from tests.support.softcard import NOW, fake_jpeg, sign, trust_store

if TYPE_CHECKING:
    from pathlib import Path

    from readers.emrtd.evidence import VerifiedChip
    from readers.emrtd.pki.store import TrustStore
    from readers.softcard.personalise import ChipImage
    from readers.softcard.pki import TrainingPki
    from readers.transport.base import Connection

FAKE_JPEG_2000 = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(5_000)


def whole_store(directory: Path, pki: TrainingPki) -> TrustStore:
    """A training store that holds the issuers of cards and of passports, with their lists."""
    store = trust_store(directory, pki)
    for state, csca in pki.passport_cscas.items():
        store.import_certificate(csca.encoded, by="u1", second="u2", at=NOW, sign=sign, scope="passport")
        store.import_crl(pki.passport_crls[state], by="u1", at=NOW, sign=sign)
    return store


def image_of(name: str, pki: TrainingPki) -> ChipImage:
    """The chip of a sample."""
    wants_jpeg_2000 = require_sample(name).chip.portrait_format == "jpeg2000"
    return sample_card(name, FAKE_JPEG_2000 if wants_jpeg_2000 else fake_jpeg(), pki, now=NOW)


def keys_of(name: str) -> list:
    """What a station would try: CAN, then MRZ; of a passport the MRZ."""
    options, holder = require_sample(name).chip, sample_holder(name, today=NOW.date())
    mrz = MrzInformation(mrz_information(holder, options))
    return [mrz] if options.document == "passport" else [holder.number.can, mrz]


def read_chip(connection: Connection, keys: list, store: TrustStore, **reader) -> VerifiedChip:
    """The whole read; BAC is allowed."""
    chip = ChipReader(
        connection,
        randbytes=secrets.token_bytes,
        monotonic=time.monotonic,
        limits=ReadLimits(bac_allowed=True),
        **reader,
    )
    opened = chip.open(*keys)
    genuine = chip.require_genuine(require_consistent(opened), secrets.token_bytes(8))
    return require_chain(require_hashes(chip.read(genuine)), store, NOW)


def outcome_of(name: str, pki: TrainingPki, store: TrustStore) -> str:
    """By what the chip was proven, or the code of what went wrong."""
    card = SoftCard(image_of(name, pki), sleep=lambda _: None)
    try:
        return read_chip(InProcessConnection(card), keys_of(name), store).chip.proven_by
    except ReaderError as error:
        return error.code
