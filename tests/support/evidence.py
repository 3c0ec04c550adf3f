"""Evidence of a read of a software card, as a station would keep it."""

import secrets
from datetime import timedelta

from readers.emrtd.evidence import freeze
from readers.emrtd.evidence_check import challenge_of
from readers.emrtd.evidence_file import Evidence, StoredCheck, StoredProof
from readers.emrtd.passive_auth import require_consistent
from tests.support.softcard import NOW, connect

ROOT = bytes(range(32))
READ_AT = NOW - timedelta(minutes=1)


def evidence_of(image, key, *, read_at=READ_AT, **changes):
    """Read the card once and keep everything; `changes` replace fields."""
    reader, random = connect(image), secrets.token_bytes(32)
    opened = reader.open(key)
    genuine = reader.require_genuine(require_consistent(opened), challenge_of(random, ROOT))
    raw = reader.read(genuine)
    row = StoredCheck(
        name="chip-open", outcome="passed", code="ok", started_at=read_at, duration_ms=3, facts=opened.facts
    )
    late = StoredCheck(
        name="cross-check",
        outcome="not-performed",
        code="not-reached",
        started_at=read_at,
        duration_ms=0,
        facts=freeze({}),
    )
    fields = {
        "read_at": read_at,
        "program": "proctor 0.1.0",
        "reader_kind": "software",
        "training": True,
        "verdict": "genuine",
        "proven_by": raw.genuine.proven_by,
        "access": opened.access,
        "files": {**opened.files, **raw.files},
        "mapping": opened.mapping,
        "proofs": tuple(
            StoredProof(challenge=proof.challenge, signature=proof.signature, random=random, root=ROOT)
            for proof in raw.genuine.active_proofs
        ),
        "checks": (row, late),
        "steps": reader.steps,
    }
    return Evidence(**{**fields, **changes})
