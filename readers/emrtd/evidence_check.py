"""Verifies an evidence file without the card, on any machine with the issuer's certificate: passive authentication,
the answers to Active Authentication, how their challenges were made, the mapping of PACE-CAM.

What cannot be verified again is said: PACE, BAC and Chip Authentication convince nobody but who took part in them, as
whoever holds the file could have written both sides; and the time of reading is the file's own word, save that an
answer was not given before a checkpoint that is known from elsewhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from readers.emrtd import active_auth, chip_auth
from readers.emrtd.crypto import same
from readers.emrtd.evidence import (
    ActiveProof,
    ConsistentChip,
    Facts,
    GenuineChip,
    OpenedChip,
    RawChip,
    VerifiedChip,
    freeze,
)
from readers.emrtd.evidence_file import CHALLENGE_OCTETS
from readers.emrtd.files import DG14, DG15, EF_CARD_ACCESS, EF_CARD_SECURITY, EF_COM, EF_SOD
from readers.emrtd.passive_auth import require_chain, require_consistent, require_hashes
from readers.emrtd.pki.errors import RevocationUnknownError
from readers.errors import (
    ActiveAuthError,
    EvidenceAlteredError,
    EvidenceChallengeError,
    EvidenceClaimError,
    EvidenceTimeError,
    ReaderError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from readers.emrtd.evidence import ConsistentKeys
    from readers.emrtd.evidence_file import Evidence, StoredProof
    from readers.emrtd.pki.store import TrustStore

A = TypeVar("A")
R = TypeVar("R")

CHALLENGE_DOMAIN: Final = b"proctor-aa-1"
CLOCK_TOLERANCE: Final = timedelta(days=1)
NAMES: Final = (
    "whole",
    "pa-keys",
    "pa-consistent",
    "pa-trusted-then",
    "pa-trusted-now",
    "aa",
    "aa-challenge",
    "cam",
    "ca",
    "access",
    "time",
    "claims",
)
NOT_REACHED: Final = "not-reached"
NO_ANSWER: Final = "evidence-no-answer"
NO_MAKING: Final = "evidence-no-making"
NO_MAPPING: Final = "evidence-no-mapping"
NOT_REPEATABLE: Final = "evidence-not-repeatable"
TIME_UNPROVEN: Final = "evidence-time-unproven"
_OPENING: Final = frozenset(
    {EF_CARD_ACCESS.name, EF_CARD_SECURITY.name, EF_COM.name, EF_SOD.name, DG14.name, DG15.name}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: "passed", "failed", "indeterminate" or "not-performed"; `code` "ok" where passed."""

    name: str
    outcome: str
    code: str
    facts: Facts = field(default_factory=lambda: freeze({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """All findings, in the order of NAMES, and the holder where every hash was good."""

    findings: Mapping[str, Finding]
    chip: ConsistentChip | None = field(repr=False)


def challenge_of(random: bytes, root: bytes) -> bytes:
    """The eight octets made of 32 random ones and the root of a checkpoint."""
    return hashlib.sha256(CHALLENGE_DOMAIN + random + root).digest()[:CHALLENGE_OCTETS]


def verify_evidence(
    evidence: Evidence, store: TrustStore, at: datetime, *, checkpoints: frozenset[bytes] = frozenset()
) -> Verified:
    """Check everything that can be checked again at `at` (UTC) with this store.

    `checkpoints`: roots that the caller knows from elsewhere. Never raises a ReaderError: each is a finding."""
    run = _Run()
    run.check("whole", _require_whole, evidence)
    keys = run.check("pa-keys", lambda found: require_consistent(_opened(found)), evidence)
    chip = run.check("pa-consistent", lambda found: require_hashes(_raw(evidence, found)), keys)
    run.check("pa-trusted-then", lambda found: _require_chain_then(found, store, evidence.read_at, at), chip)
    run.check("pa-trusted-now", lambda found: require_chain(found, store, at), chip)
    _check_proofs(run, evidence, keys)
    run.skip("ca", NOT_REPEATABLE)
    run.skip("access", NOT_REPEATABLE)
    _check_time(run, evidence, at, checkpoints)
    run.check("claims", lambda found: _require_claims(found, run), evidence)
    return Verified(findings=run.findings, chip=chip)


class _Run:
    """Turns what a check raises into its finding."""

    def __init__(self) -> None:
        self._found: dict[str, Finding] = {}

    @property
    def findings(self) -> Mapping[str, Finding]:
        """In the order of NAMES."""
        return MappingProxyType({name: self._found[name] for name in NAMES})

    def passed(self, name: str) -> bool:
        """Whether this check was made and passed."""
        return name in self._found and self._found[name].outcome == "passed"

    def check(self, name: str, call: Callable[[A], R], needed: A | None) -> R | None:
        """Make a check of what is needed for it; None: that was not proven."""
        if needed is None:
            self.skip(name, NOT_REACHED)
            return None
        try:
            result = call(needed)
        except ReaderError as error:
            outcome = "failed" if error.conclusive else "indeterminate"
            self._found[name] = Finding(
                name=name, outcome=outcome, code=error.code, facts=freeze(error.facts)
            )
            return None
        facts = result if isinstance(result, MappingProxyType) else getattr(result, "facts", {})
        self._found[name] = Finding(name=name, outcome="passed", code="ok", facts=freeze(facts))
        return result

    def skip(self, name: str, code: str) -> None:
        """Say why a check is not made."""
        self._found[name] = Finding(name=name, outcome="not-performed", code=code)


def _require_whole(evidence: Evidence) -> Facts:
    if evidence.altered:
        raise EvidenceAlteredError(parts=" ".join(evidence.altered))
    return freeze({"files": " ".join(evidence.files)})


def _opened(evidence: Evidence) -> OpenedChip:
    files = {name: octets for name, octets in evidence.files.items() if name in _OPENING}
    return OpenedChip(
        files=MappingProxyType(files), access=evidence.access, mapping=evidence.mapping, facts=freeze({})
    )


def _raw(evidence: Evidence, keys: ConsistentKeys) -> RawChip:
    genuine = GenuineChip(keys=keys, proven_by="nothing", facts=freeze({}))
    files = {name: octets for name, octets in evidence.files.items() if name not in _OPENING}
    return RawChip(genuine=genuine, files=MappingProxyType(files), facts=freeze({}))


def _require_chain_then(
    chip: ConsistentChip, store: TrustStore, read_at: datetime, at: datetime
) -> VerifiedChip:
    """The chain as it stood on the day of reading. A list issued since that does not name the signer says as much of
    the earlier day: what was once revoked stays on it."""
    try:
        return require_chain(chip, store, read_at)
    except RevocationUnknownError as unknown:
        if unknown.facts.get("reason") != "crl-from-future":
            raise
        return require_chain(chip, store, at)


# --- the chip's own answers --------------------------------------------------------------------------------


def _check_proofs(run: _Run, evidence: Evidence, keys: ConsistentKeys | None) -> None:
    if not evidence.proofs:
        run.skip("aa", NO_ANSWER)
        run.skip("aa-challenge", NO_ANSWER)
    else:
        run.check("aa", lambda found: _require_answers(evidence, found), keys)
        if all(proof.random is None or proof.root is None for proof in evidence.proofs):
            run.skip("aa-challenge", NO_MAKING)
        else:
            run.check("aa-challenge", _require_making, evidence.proofs)
    mapping = evidence.mapping
    if mapping is None:
        run.skip("cam", NO_MAPPING)
        return
    signed = None if keys is None else keys.security_infos
    if keys is not None and keys.card_security is not None:
        signed = keys.card_security.infos
    run.check("cam", lambda infos: chip_auth.require_mapping(mapping, infos), signed)


def _require_answers(evidence: Evidence, keys: ConsistentKeys) -> Facts:
    """Every answer again, with the key whose hash the issuer signed."""
    key, infos = keys.active_key, keys.security_infos
    declared = None if infos is None else infos.active_auth_algorithm
    if key is None:
        raise ActiveAuthError(reason="no-dg15")
    weakness = active_auth.weakness(key, declared)
    if weakness is not None:
        raise EvidenceClaimError(claim="aa", reason=weakness)
    proofs = [ActiveProof(challenge=proof.challenge, signature=proof.signature) for proof in evidence.proofs]
    if len({proof.challenge for proof in proofs}) != len(proofs) or any(
        not any(proof.challenge) for proof in proofs
    ):
        raise EvidenceChallengeError(reason="repeated-or-zero")
    facts: dict[str, str | int] = {"answers": len(proofs)}
    for proof in proofs:
        facts |= active_auth.require_answer(key, proof.challenge, proof.signature, declared=declared)
    return freeze(facts)


def _require_making(proofs: tuple[StoredProof, ...]) -> Facts:
    for proof in proofs:
        if proof.random is None or proof.root is None:
            raise EvidenceChallengeError(reason="making-missing")
        if not same(challenge_of(proof.random, proof.root), proof.challenge):
            raise EvidenceChallengeError(reason="making")
    return freeze({"challenges": len(proofs)})


# --- time and claims ---------------------------------------------------------------------------------------


def _check_time(run: _Run, evidence: Evidence, at: datetime, checkpoints: frozenset[bytes]) -> None:
    """Not before a checkpoint known from elsewhere is all that can be shown; without one, nothing."""
    if evidence.read_at - at > CLOCK_TOLERANCE:
        run.check("time", _refuse_time, (evidence.read_at - at).days)
        return
    roots = {proof.root for proof in evidence.proofs}
    if not roots or not roots <= checkpoints or not (run.passed("aa") and run.passed("aa-challenge")):
        run.skip("time", TIME_UNPROVEN)
        return
    run.check("time", lambda _: freeze({"shown": "not-before-checkpoint"}), roots)


def _refuse_time(days: int) -> Facts:
    raise EvidenceTimeError(days_ahead=days)


def _require_claims(evidence: Evidence, run: _Run) -> Facts:
    """What the station says it proved, and can be shown again, must be shown."""
    claimed = set(evidence.proven_by.split("+"))
    for claim in ("aa", "cam"):
        if claim in claimed and not run.passed(claim):
            raise EvidenceClaimError(claim=claim)
    return freeze({"station_verdict": evidence.verdict, "station_proven_by": evidence.proven_by})
