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


HONEST = {
    "ca+aa": (
        "mau second expired indefinite year-only can-card-2024 ecdsa-aa rsa-sha256-aa ca-3des ca-dh ca-two-keys "
        "p521 aes256 tdes dh im dh-im many-ways tag-84 no-tag-84 no-parameter-id explicit-parameters card-access-sfi "
        "card-access-missing master-file mrz-only short-length small-blocks lds-1 rsa-signer pss-signer "
        "explicit-signer since-expired-signer jpeg2000 iso39794 dg11-dg12 far-dg2 short-blocks slow "
        "slow-after-wrong-keys other-can bac-only"
    ),
    "cam+ca+aa": "cam",
    "cam+ca": "passport-pace-cam",
    "aa": "no-ca passport",
    "ca": "ca-only passport-pace",
    "nothing": "no-aa",
}
ODD_BUT_GENUINE = {
    "ca+aa": (
        "dg-not-in-sod com-lists-fewer com-hides-proofs hidden-dg13 locked-dg13 dg13-unknown-field "
        "dg13-missing-field dg13-duplicate-field "
        "dg13-long-residence dg13-not-utf8 dg13-bidi-control dg13-empty-set nested-tlv zero-length "
        "dg13-other-name dg13-other-number dg13-other-sex dg13-other-birth expiry-not-by-rule not-a-picture "
        "huge-pixels trailing-archive sod-indefinite sod-trailing"
    ),
    "ca": "bare-refusals",
    "aa": "weak-aa",
    "nothing": "hidden-dg15 exponent-3",
}
HOSTILE = {
    "aa-failed": "aa-clone replayed-aa truncated-aa refused-aa zeros-aa unknown-trailer",
    "access-wrong-key": "wrong-can",
    "ca-failed": "clone ca-clone ca-bad-point ca-infinity ca-refused old-keys-after-ca cam-wrong-proof",
    "card-access-mismatch": "card-access-extra",
    "access-downgrade": "card-access-stripped card-access-gone card-access-weaker card-access-hidden",
    "card-lost": "pulled taken lifted lifted-and-changed lifted-for-another dropped",
    "card-mute": "mute",
    "chip-file-too-large": "huge-length sod-huge-length",
    "chip-malformed": (
        "card-access-nested card-access-zero sixty-kb sixty-kb-short sixty-kb-empty sixty-kb-repeated too-much"
    ),
    "chip-status": "dead",
    "mrz-invalid": "mrz-number-check mrz-birth-check mrz-expiry-check mrz-composite-check mrz-letter-for-digit",
    "pa-chain-invalid": "self-made-csca signed-outside-validity signed-outside-usage",
    "pa-country-mismatch": "other-country",
    "pa-curve-parameters": "changed-generator",
    "pa-dg-hash": "altered-dg1 altered-dg2 altered-dg13 altered-dg14 altered-dg15 reissued-dg14 reissued-dg15",
    "pa-dg-withheld": "hidden-dg14",
    "pa-no-trust-anchor": "unknown-signer csca-in-sod self-signed-ds",
    "pa-revoked": "revoked",
    "pa-scope": "passport-csca",
    "pa-sod-signature": (
        "sod-no-signer sod-wrong-content-type wrong-digest signature-over-econtent algorithm-mismatch bad-pss"
    ),
    "pa-weak-algorithm": "sha1-sod md5-sod weak-rsa",
    "pace-failed": (
        "pace-zero-point pace-bad-point pace-reflected pace-identical pace-zero-nonce pace-wrong-token "
        "pace-no-token pace-malformed cam-no-proof"
    ),
    "portrait-unreadable": "two-faces no-face",
    "sm-failed": (
        "wrong-mac sm-no-mac sm-no-status sm-status-mismatch sm-ssc-off-by-one sm-bad-padding sm-unprotected "
        "flipped cut status"
    ),
    "sod-malformed": "sod-two-signers sod-no-certificate sod-zero-length sod-nested",
}
EXPECTED = [
    (name, outcome)
    for table in (HONEST, ODD_BUT_GENUINE, HOSTILE)
    for outcome, names in table.items()
    for name in names.split()
]
"""How the read of each sample ends: by what it is proven, or the code of what went wrong."""


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
