"""Time stamps on sheets, later, when there is a network: asked for, judged, written, entered. Nothing else is reached.

The new file is written whole before its entry; a file whose entry is missing, because the power went in between, is
entered when the same command is given again.
"""

import hashlib
import itertools
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.sheet_verification import pinned_of, pins_of_root
from proctor.signing_authorities import Authorities, load_authorities
from proctor.signing_ocsp import ask
from proctor.stamp_errors import StampAnswerError, StampClockError, StampProofError, StampUntrustedError
from proctor.tsa_client import TsaSettings, read_settings, request_token
from reports.chain_proofs import unproven, whole_chain
from reports.dss import Dss, add_dss
from reports.errors import PdfAlteredError
from reports.signing_revocation import made_by, read_crl
from reports.signing_status import Judged, SignatureStatus
from reports.stamping import MAX_TOKEN, add_stamp
from reports.verification import Added, IntactPdf, verify_intact
from reports.verify_changes import Update
from reports.verify_cms import Signed, judge_cms
from reports.verify_revisions import split_revisions
from reports.verify_sheet import Level, SheetFinding, SignatureKind, judge_signer, verify_sheet
from sessions.files import write_private
from sessions.session import Session

MAX_SKEW_S: Final = 300
_NONCE_BITS: Final = 64
_RANK: Final = (Level.BARE, Level.DATED, Level.LONG_TERM, Level.ARCHIVED)
_GOOD: Final = (SignatureStatus.VALID, SignatureStatus.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedSheet:
    """A sheet with its time stamps: where it is, both hashes, what it is worth now, its entry.

    `recovered`: it was stamped before, only its entry was missing. `at`: of its newest time stamp, `fresh`: made now.
    """

    path: Path
    pdf_sha256: str
    stamped_sha256: str
    level: Level
    authority: str
    at: datetime
    finding: SheetFinding = field(repr=False)
    seq: int
    recovered: bool = False
    fresh: bool = True


Clock = Callable[[], datetime]


class StampDesk:
    """A session whose sheets are stamped, by somebody who may print."""

    def __init__(self, opened: OpenRoot, session: Session, *, now: Clock = lambda: datetime.now(UTC)) -> None:
        session.rules.require_may(opened.require_login().operator, "print")
        self._opened, self._session, self._now = opened, session, now
        self._authorities: Authorities = load_authorities(opened.root, opened.store)
        self._pins = pins_of_root(opened, ())

    def stamp(self, pdf: bytes, level: Level, out: Path) -> StampedSheet:
        """Bring a sheet's file to a level, write it, enter it; on any error nothing is written.

        Raises CommandError, ReportsError.
        """
        before = self._require_ours(pdf)
        sha256 = hashlib.sha256(pdf).hexdigest()
        if before != sha256:
            return self._enter(pdf, before, out, recovered=True)
        settings = read_settings(self._opened.root)
        made = self._raised(pdf, level, settings)
        try:
            write_private(out, made)
        except OSError:
            raise CommandError("cannot-write", file=str(out)) from None
        fresh = self._stamps(made) > self._stamps(pdf)
        return replace(self._enter(made, sha256, out), fresh=fresh)

    # -- what the log knows ---------------------------------------------------------------------------

    def _require_ours(self, pdf: bytes) -> str:
        """Return the SHA-256 of the newest state that the log knows, of this file or of its beginning.

        Raises CommandError "stamp-not-ours", "stamp-newer", PdfAlteredError.
        """
        intact = self._intact(pdf)
        states = self._states(intact.sealed_sha256)
        if not states:
            raise CommandError("stamp-not-ours", session=self._session.session_id)
        ends = {hashlib.sha256(pdf[: each.end]).hexdigest(): each.number for each in split_revisions(pdf)}
        if states[-1] not in ends:
            raise CommandError("stamp-newer", sha256=states[-1][:16])
        later = [each for each in intact.additions if each.addition.revision > ends[states[-1]]]
        if any(each.addition.kind is Update.TOKEN for each in later):
            raise CommandError("stamp-unlogged")
        return states[-1]

    def _states(self, sealed: str) -> list[str]:
        """Return the states of a printed file that the log knows, in order; none for a file it did not print."""
        log, session = self._opened.store, self._session.session_id
        prints = (each.body for each in log.entries("print", session))
        if not any(body["pdf_sha256"] == sealed for body in prints):
            return []
        states = [sealed]
        entries = (*log.entries("sheet-signature", session), *log.entries("sheet-timestamp", session))
        for entry in sorted(entries, key=lambda each: each.seq):
            if entry.body["pdf_sha256"] == states[-1]:
                states.append(entry.body.get("signed_sha256") or entry.body["stamped_sha256"])
        return states

    def _intact(self, pdf: bytes) -> IntactPdf:
        """Return a file's parts under the seal it bears, which must be one of this station's. Raises ReportsError."""
        return verify_intact(pdf, pinned_of(pdf, self._pins))

    # -- levels ---------------------------------------------------------------------------------------

    def _raised(self, pdf: bytes, level: Level, settings: TsaSettings) -> bytes:
        """Return the file with what it lacks for a level."""
        wanted, kinds = _RANK.index(level), [each.addition.kind for each in self._intact(pdf).additions]
        if wanted == _RANK.index(Level.DATED) or not kinds or kinds[-1] is Update.TOKEN:
            pdf = self._stamped(pdf, settings)
            kinds.append(Update.STAMP)
        if wanted >= _RANK.index(Level.LONG_TERM) and kinds[-1] is Update.STAMP:
            pdf = self._proven(pdf)
        if level is Level.ARCHIVED:
            pdf = self._stamped(pdf, settings)
        return pdf

    def _stamped(self, pdf: bytes, settings: TsaSettings) -> bytes:
        """Return the file with a time stamp over all of it, judged before it is put there."""
        number = self._stamps(pdf) + 1
        return add_stamp(pdf, number, lambda digest: self._token(digest, settings))

    def _stamps(self, pdf: bytes) -> int:
        return sum(each.addition.kind is Update.STAMP for each in self._intact(pdf).additions)

    def _token(self, digest: bytes, settings: TsaSettings) -> bytes:
        """Return a token that stamps this digest, now, by somebody who is believed. Raises ReportsError."""
        token = request_token(settings, digest, nonce=secrets.randbits(_NONCE_BITS))
        if len(token) > MAX_TOKEN:
            raise StampAnswerError(why="too-large")
        try:
            signed = judge_cms(token, lambda name: digest if name == "sha256" else b"")
        except PdfAlteredError as error:
            raise StampAnswerError(
                why="imprint" if error.facts["why"] == "content" else "unreadable"
            ) from None
        if signed.at is None:
            raise StampAnswerError(why="unreadable")
        away = (signed.at - self._now()).total_seconds()
        if abs(away) > MAX_SKEW_S:
            raise StampClockError(seconds=round(away))
        judged = self._judged(signed, self._pins.believed.time_stamps, ())
        if judged.status not in _GOOD:
            raise StampUntrustedError(why=judged.status.value)
        return token

    def _judged(self, signed: Signed, authorities: tuple[bytes, ...], ocsps: tuple[bytes, ...]) -> Judged:
        believed = replace(
            self._pins.believed, ocsps=ocsps, others=(*self._pins.believed.others, *signed.others)
        )
        return judge_signer(signed, authorities, believed, self._now())

    # -- proofs ---------------------------------------------------------------------------------------

    def _proven(self, pdf: bytes) -> bytes:
        """Return the file with certificates, lists and answers that show every chain good. Raises StampProofError."""
        found = Dss()
        for added in self._intact(pdf).additions:
            if added.signed is None:
                continue
            stamp = added.addition.kind is Update.STAMP
            believed = self._pins.believed
            judged = self._proof(added.signed, believed.time_stamps if stamp else believed.signatures)
            if judged.status not in _GOOD:
                raise StampProofError(field=added.addition.field, status=judged.status.value)
            proofs = self._whole(added, judged)
            found = Dss(
                certificates=_once((*found.certificates, *proofs.certificates)),
                ocsps=_once((*found.ocsps, *proofs.ocsps)),
                crls=_once((*found.crls, *proofs.crls)),
            )
        return add_dss(pdf, split_revisions(pdf), found)

    def _whole(self, added: Added, judged: Judged) -> Dss:
        """Return what proves a signer's chain up to its root, as far as that is known: others may pin it alone.

        Raises StampProofError, which names whose list is missing.
        """
        known = self._pins.believed
        others = () if added.signed is None else added.signed.others
        chain = whole_chain(judged.chain, (*known.signatures, *known.time_stamps, *known.others, *others))
        ocsps, moments = list(judged.ocsps), (self._now(),)
        for each, above in _pairs(chain):
            pinned = self._authorities.of(hashlib.sha256(above).hexdigest())
            open_ = unproven((each, above), crls=known.crls, ocsps=ocsps, moments=moments) is not None
            if open_ and pinned is not None and pinned.ocsp:
                answer = ask(pinned.ocsp, each, above)
                ocsps += [] if answer is None else [answer]
        lacking = unproven(chain, crls=known.crls, ocsps=ocsps, moments=moments)
        if lacking is not None:
            raise StampProofError(
                field=added.addition.field,
                status=lacking.status,
                why="lacking" if lacking.status == "unknown" else lacking.status,
                issuer=lacking.issuer,
            )
        issuers = [x509.load_der_x509_certificate(each) for each in chain[1:]]
        lists = [crl for crl in known.crls if _by_one_of(crl, issuers)]
        return Dss(certificates=_rooted(chain), ocsps=tuple(ocsps), crls=tuple(lists))

    def _proof(self, signed: Signed, authorities: tuple[bytes, ...]) -> Judged:
        """Return what is known of a signer, with the authority's own answer where an address is configured."""
        judged = self._judged(signed, authorities, ())
        pinned = self._authorities.of(judged.authority)
        if judged.status is not SignatureStatus.UNKNOWN or pinned is None or not pinned.ocsp:
            return judged
        answers = [ask(pinned.ocsp, each, above) for each, above in _pairs(judged.chain)]
        return self._judged(signed, authorities, tuple(each for each in answers if each is not None))

    # -- the entry ------------------------------------------------------------------------------------

    def _enter(self, pdf: bytes, before: str, out: Path, *, recovered: bool = False) -> StampedSheet:
        finding = verify_sheet(pdf, pinned_of(pdf, self._pins), self._pins.believed, at=self._now())
        stamps = [each for each in finding.signatures if each.kind is SignatureKind.STAMP]
        if not finding.intact or not stamps:
            raise StampAnswerError(why="not-accepted")
        others = [each.level for each in finding.signatures if each.kind is not SignatureKind.STAMP]
        level = min(others, key=_RANK.index)
        sha256 = hashlib.sha256(pdf).hexdigest()
        body = {
            "session": self._session.session_id,
            "pdf_sha256": before,
            "stamped_sha256": sha256,
            "level": level.value,
            "authority": stamps[-1].authority or stamps[-1].certificate,
        }
        receipt = self._opened.store.append(
            "sheet-timestamp", body, operator=self._opened.require_login().operator
        )
        return StampedSheet(
            path=out,
            pdf_sha256=before,
            stamped_sha256=sha256,
            level=level,
            authority=body["authority"],
            at=stamps[-1].claimed_at,
            finding=finding,
            seq=receipt.seq,
            recovered=recovered,
        )


def _once(items: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(items))


def _by_one_of(crl: bytes, issuers: list[x509.Certificate]) -> bool:
    found = read_crl(crl)
    return found is not None and any(made_by(found, each) for each in issuers)


def _rooted(chain: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return a chain without an end that is pinned and whose issuer nobody knows: nothing in the file carries it."""
    end = x509.load_der_x509_certificate(chain[-1])
    return chain if end.issuer == end.subject else chain[:-1]


def _pairs(chain: tuple[bytes, ...]) -> Iterable[tuple[bytes, bytes]]:
    return itertools.pairwise(chain)
