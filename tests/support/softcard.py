"""Software cards and trust stores for tests: in memory, with a station key that is no key."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from readers.emrtd.passive_auth import require_chain, require_consistent, require_hashes
from readers.emrtd.pki.store import TrustStore
from readers.emrtd.reading import ChipReader
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import InProcessConnection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from readers.emrtd.access_key import AccessKey
    from readers.emrtd.evidence import ConsistentChip, ConsistentKeys, GenuineChip, OpenedChip, VerifiedChip
    from readers.softcard.personalise import ChipImage
    from readers.softcard.pki import TrainingPki
    from readers.transport.base import Connection

NOW = datetime.now(UTC).replace(microsecond=0)


def fake_jpeg(octets: int = 14_000) -> bytes:
    """Octets that begin as a JPEG and are none: for tests that never decode."""
    return b"\xff\xd8\xff\xe0" + bytes(index % 251 for index in range(octets - 4))


def sign(octets: bytes) -> bytes:
    """Stands for the station's signature."""
    return hmac.digest(b"station", octets, "sha256")


def verify(octets: bytes, signature: bytes) -> None:
    """Undo `sign`. Raises ValueError."""
    if not hmac.compare_digest(sign(octets), signature):
        raise ValueError("signature")


def trust_store(
    directory: Path, pki: TrainingPki, *, at: datetime = NOW, crl: bool = True, training: bool = True
) -> TrustStore:
    """A training store with the CSCA of the PKI and, unless told otherwise, its CRL."""
    store = TrustStore.create(directory, training=training, sign=sign)
    store.import_certificate(pki.csca.encoded, by="u1", second="u2", at=at, sign=sign)
    if crl:
        store.import_crl(pki.crl, by="u1", at=at, sign=sign)
    return store


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """One read, taken step by step."""

    reader: ChipReader
    opened: OpenedChip
    keys: ConsistentKeys
    genuine: GenuineChip
    chip: ConsistentChip


def reader_for(connection: Connection) -> ChipReader:
    """A reader with real randomness and time."""
    return ChipReader(connection, randbytes=secrets.token_bytes, monotonic=time.monotonic)


def connect(image: ChipImage) -> ChipReader:
    """A reader on a software card in process."""
    return reader_for(InProcessConnection(SoftCard(image)))


def read_all(reader: ChipReader, key: AccessKey) -> Steps:
    """Everything up to consistent; raises what the first failing step raises."""
    opened = reader.open(key)
    keys = require_consistent(opened)
    genuine = reader.require_genuine(keys, secrets.token_bytes(8))
    chip = require_hashes(reader.read(genuine))
    return Steps(reader=reader, opened=opened, keys=keys, genuine=genuine, chip=chip)


def read_and_verify(
    image: ChipImage, key: AccessKey, store: TrustStore, *, at: datetime = NOW
) -> VerifiedChip:
    """The whole read of a software card in process."""
    return require_chain(read_all(connect(image), key).chip, store, at)


def personal_texts(files: Mapping[str, bytes]) -> list[bytes]:
    """What must appear in no repr, exception or fact of these files."""
    return [b"NGUYEN", b"001099000001", b"099000001", "Nguyễn".encode(), files["DG1"][5:35]]
