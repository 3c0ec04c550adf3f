"""The evidence of one read as a file: everything the chip gave, what was done with it, and what was not.

Canonical JSON (sorted keys, one space of indentation, UTF-8, octets as base64), so that equal evidence is equal
octets. Each part has a SHA-256 beside it: that finds an accident. Forgery is found where the chip or its issuer
signed: `evidence_check`. The file holds the holder's data and is to be kept like the card itself."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from readers.emrtd.evidence import Access, ChipMapping, Facts, freeze
from readers.emrtd.files import DATA_GROUPS, EF_CARD_ACCESS, EF_CARD_SECURITY, EF_COM, EF_SOD
from readers.emrtd.steps import Step
from readers.emrtd.strict_json import NAME, StrictObject, decode, encode
from readers.errors import EvidenceFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from readers.emrtd.evidence import CardAccessOrigin
    from readers.emrtd.steps import StepOutcome

FORMAT: Final = "proctor-chip-evidence"
VERSION: Final = 1
MAX_OCTETS: Final = 1024 * 1024
MAX_ROWS: Final = 256
MAX_FACTS: Final = 64
MAX_TEXT: Final = 4096
MAX_PROOFS: Final = 4
"""One of the read and one of each time the card was put back (`resume.MAX_RESUMES`)."""
MAX_SIGNATURE: Final = 1024
RANDOM_OCTETS: Final = 32
ROOT_OCTETS: Final = 32
CHALLENGE_OCTETS: Final = 8
OUTCOMES: Final = ("passed", "failed", "indeterminate", "not-performed")
_FILES: Final = {
    spec.name: spec
    for spec in (
        EF_CARD_ACCESS,
        EF_CARD_SECURITY,
        EF_COM,
        EF_SOD,
        *(DATA_GROUPS[number] for number in (1, 2, 11, 12, 13, 14, 15)),
    )
}
_CODE: Final = re.compile(r"[a-z0-9-]{0,64}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheck:
    """One check as the station recorded it; `started_at` UTC."""

    name: str
    outcome: str
    code: str
    started_at: datetime
    duration_ms: int
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProof:
    """One answer to a challenge. `random` and `root`: what the challenge was made of, None where not kept."""

    challenge: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    random: bytes | None = field(default=None, repr=False)
    root: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One read. `reader_kind`: "pcsc" or "software"; `verdict` and `proven_by`: what the station said then.

    `altered`: the parts whose SHA-256 in the file is not theirs; empty for evidence that was not read from one."""

    read_at: datetime
    program: str
    reader_kind: str
    training: bool
    verdict: str
    proven_by: str
    access: Access
    files: Mapping[str, bytes] = field(repr=False)
    mapping: ChipMapping | None = field(default=None, repr=False)
    proofs: tuple[StoredProof, ...] = field(default=(), repr=False)
    checks: tuple[StoredCheck, ...] = ()
    steps: tuple[Step, ...] = ()
    altered: tuple[str, ...] = ()

    @property
    def not_done(self) -> tuple[str, ...]:
        """The checks and steps that the station did not perform, by name."""
        rows = [(row.name, row.outcome) for row in self.checks] + [
            (row.name, row.outcome) for row in self.steps
        ]
        return tuple(dict.fromkeys(name for name, outcome in rows if outcome == "not-performed"))


# --- writing -----------------------------------------------------------------------------------------------


def export(evidence: Evidence) -> bytes:
    """The file. Raises EvidenceFileError for evidence that could not be read back."""
    parts = _parts(evidence)
    document = {"format": FORMAT, "version": VERSION, **parts, "sha256": _digests(parts)}
    octets = encode(document)
    if _parts(read_evidence(octets)) != parts:
        raise EvidenceFileError(field="file", reason="not-storable")
    return octets


def _digests(parts: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of each part, that of every file apart."""
    rows = {name: part for name, part in parts.items() if name != "files"}
    rows |= {f"files.{name}": octets for name, octets in parts["files"].items()}
    return {name: hashlib.sha256(encode(part)).hexdigest() for name, part in rows.items()}


def _parts(evidence: Evidence) -> dict[str, Any]:
    access, mapping = evidence.access, evidence.mapping
    return {
        "read": {
            "at": _stamp(evidence.read_at),
            "program": evidence.program,
            "reader_kind": evidence.reader_kind,
            "training": evidence.training,
            "verdict": evidence.verdict,
            "proven_by": evidence.proven_by,
            "not_done": list(evidence.not_done),
        },
        "access": {
            "protocol": access.protocol,
            "password": access.password,
            "card_access": access.card_access,
        },
        "files": {name: _text(octets) for name, octets in evidence.files.items()},
        "mapping": None
        if mapping is None
        else {
            "oid": mapping.oid,
            "parameter_id": mapping.parameter_id,
            "mapping_key": _text(mapping.mapping_key),
            "data": _text(mapping.data),
        },
        "active_proofs": [
            {
                "challenge": _text(proof.challenge),
                "signature": _text(proof.signature),
                "random": None if proof.random is None else _text(proof.random),
                "root": None if proof.root is None else _text(proof.root),
            }
            for proof in evidence.proofs
        ],
        "checks": [
            {
                "name": check.name,
                "outcome": check.outcome,
                "code": check.code,
                "started_at": _stamp(check.started_at),
                "duration_ms": check.duration_ms,
                "facts": dict(check.facts),
            }
            for check in evidence.checks
        ],
        "steps": [
            {
                "name": step.name,
                "outcome": step.outcome,
                "code": step.code,
                "duration_ms": step.duration_ms,
                "octets": step.octets,
                "apdus": step.apdus,
            }
            for step in evidence.steps
        ],
    }


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _stamp(at: datetime) -> str:
    at = at.astimezone(UTC)
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


# --- reading -----------------------------------------------------------------------------------------------


def read_evidence(octets: bytes) -> Evidence:
    """Read the file. Raises EvidenceFileError with `field` and `reason`; says nothing of what is true in it."""
    document = decode(octets, MAX_OCTETS)
    top = StrictObject(document, "")
    if top.take("format") != FORMAT:
        raise EvidenceFileError(field="format", reason="value")
    if top.number("version") != VERSION:
        raise EvidenceFileError(field="version", reason="value")
    kept = StrictObject(top.take("sha256"), "sha256")
    read = StrictObject(top.take("read"), "read")
    evidence = Evidence(
        read_at=read.moment("at"),
        program=read.text("program", NAME),
        reader_kind=read.one_of("reader_kind", ("pcsc", "software")),
        training=read.flag("training"),
        verdict=read.text("verdict", _CODE),
        proven_by=read.text("proven_by", NAME),
        access=_access(StrictObject(top.take("access"), "access")),
        files=_files(StrictObject(top.take("files"), "files")),
        mapping=_mapping(top.take("mapping")),
        proofs=tuple(_proof(row) for row in top.rows("active_proofs", MAX_PROOFS)),
        checks=tuple(_check(row) for row in top.rows("checks", MAX_ROWS)),
        steps=tuple(_step(row) for row in top.rows("steps", MAX_ROWS)),
    )
    if read.take("not_done") != list(evidence.not_done):
        raise EvidenceFileError(field="read.not_done", reason="value")
    for part in (read, top):
        part.end()
    altered = _altered(document, kept)  # only now is every part known to be of bounded depth
    if encode(document) != octets:
        raise EvidenceFileError(field="file", reason="not-canonical")
    return replace(evidence, altered=altered)


def _altered(document: Mapping[str, Any], kept: StrictObject) -> tuple[str, ...]:
    """The parts whose digest is not the one beside them. Every part has one, and nothing else."""
    parts = {name: part for name, part in document.items() if name not in ("format", "version", "sha256")}
    found = [name for name, digest in _digests(parts).items() if kept.text(name, _HEX) != digest]
    kept.end()
    return tuple(sorted(found))


def _files(source: StrictObject) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for name in source.names:
        if name in _FILES:
            found[name] = source.octets(name, _FILES[name].cap)
    source.end()
    return MappingProxyType(found)


def _access(source: StrictObject) -> Access:
    access = Access(
        protocol=source.text("protocol", NAME),
        password=source.text("password", NAME),
        card_access=cast("CardAccessOrigin", source.one_of("card_access", ("file-id", "sfi", "assumed"))),
    )
    source.end()
    return access


def _mapping(value: object) -> ChipMapping | None:
    if value is None:
        return None
    source = StrictObject(value, "mapping")
    mapping = ChipMapping(
        oid=source.text("oid", NAME),
        parameter_id=source.number("parameter_id"),
        mapping_key=source.octets("mapping_key", 256),
        data=source.octets("data", 128),
    )
    source.end()
    return mapping


def _proof(source: StrictObject) -> StoredProof:
    proof = StoredProof(
        challenge=source.octets("challenge", CHALLENGE_OCTETS, exactly=CHALLENGE_OCTETS),
        signature=source.octets("signature", MAX_SIGNATURE),
        random=source.optional_octets("random", RANDOM_OCTETS),
        root=source.optional_octets("root", ROOT_OCTETS),
    )
    source.end()
    return proof


def _check(source: StrictObject) -> StoredCheck:
    check = StoredCheck(
        name=source.text("name", NAME),
        outcome=source.one_of("outcome", OUTCOMES),
        code=source.text("code", _CODE),
        started_at=source.moment("started_at"),
        duration_ms=source.number("duration_ms"),
        facts=_facts(source.take("facts"), source.path("facts")),
    )
    source.end()
    return check


def _facts(value: object, path: str) -> Facts:
    if not isinstance(value, dict) or len(value) > MAX_FACTS:
        raise EvidenceFileError(field=path, reason="type")
    for name, fact in value.items():
        whole = isinstance(fact, str) or type(fact) is int
        if not whole or not NAME.fullmatch(name) or len(str(fact)) > MAX_TEXT:
            raise EvidenceFileError(field=path, reason="value")
    return freeze(value)


def _step(source: StrictObject) -> Step:
    step = Step(
        name=source.text("name", NAME),
        outcome=cast("StepOutcome", source.one_of("outcome", OUTCOMES)),
        code=source.text("code", _CODE),
        duration_ms=source.number("duration_ms"),
        octets=source.number("octets"),
        apdus=source.number("apdus"),
    )
    source.end()
    return step
