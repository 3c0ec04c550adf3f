"""An official signs a sheet of a session: everything is checked before the PIN is asked for, and the log says so.

The new file is written whole before its entry. A file whose entry is missing, because the power went in between, is
entered when the same command is given again: nothing is signed twice and nothing is lost.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import OpenRoot
from proctor.signing_authorities import Authorities, load_authorities
from proctor.signing_ocsp import ask
from proctor.signing_token import NONE, HeldToken, SigningPinError, TokenCertificate
from proctor.texts import load_texts
from reports.signing_errors import SigningRefusedError
from reports.signing_official import (
    Official,
    OfficialField,
    choose_field,
    digest,
    official_fields,
    revisions,
    sign_field,
    signed_by,
)
from reports.signing_status import Judged, SignatureStatus, judge, name_of
from reports.verification import MAX_BYTES, verify_pdf
from sessions.files import write_private
from sessions.session import Session

_SIGNED: Final = re.compile(r"-signed-[1-9]$")
_OCSP_PEM: Final = ("-----BEGIN OCSP RESPONSE-----", "-----END OCSP RESPONSE-----")
_REFUSED: Final = {
    ("untrusted", "key-usage"): "not-for-signing",
    ("expired", "not-yet-valid"): "not-yet-valid",
    ("expired", "authority-expired"): "authority-expired",
    ("revoked", "authority"): "authority-revoked",
}
"""Where a status has several causes: which of them has words of its own."""
MARK: Final = "mark"
"""The rule by which a certificate of unknown status may sign, and the page says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which file is to be signed, in which field (by name, by role, or both), and where to (None: beside it)."""

    file: Path
    field: str | None
    role: str | None
    out: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A file as the log knows it: its SHA-256 and the entry that printed it.

    `before`: the known state in front of a signature that no entry names yet; None for a file that is known whole.
    """

    pdf: bytes = field(repr=False)
    sha256: str
    printed: Mapping[str, Any]
    before: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would be signed: the file, the field, the certificate, and what is known of it."""

    standing: Standing
    place: OfficialField
    holder: TokenCertificate
    judged: Judged
    out: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSheet:
    """A signature that is in the file and in the log. `recovered`: it was made before, only its entry was missing."""

    path: Path
    pdf_sha256: str
    signed_sha256: str
    place: OfficialField
    certificate: str
    holder: str = field(repr=False)
    judged: Judged
    seq: int
    recovered: bool


class SigningDesk:
    """A session whose sheets are signed, and the authorities that count at its station."""

    def __init__(self, opened: OpenRoot, session: Session) -> None:
        operator = opened.require_login().operator
        if not session.rules.may(operator.role, "confirm"):
            session.rules.require_may(operator, "print")
        self._opened, self._session = opened, session
        self.authorities: Authorities = load_authorities(opened.root, opened.store)

    # -- before anybody is asked for a PIN -----------------------------------------------------------

    def stand(self, order: Order) -> Standing:
        """Return a file as the log knows it, verified. Raises CommandError, ReportsError.

        Beside the file itself it may be the result of a signing that was cut short, at the order's place.
        """
        pdf = read_file(str(order.file), MAX_BYTES)
        standing = self._known(pdf)
        verify_pdf(pdf, standing.printed["seal_certificate"])
        return standing

    def propose(self, order: Order, standing: Standing, token: HeldToken, wanted: str | None) -> Proposal:
        """Return what would be signed with a certificate of this token, if it may.

        Raises CommandError, SigningFieldError, SigningFieldTakenError, SigningTokenError, SigningRefusedError.
        """
        place = choose_field(official_fields(standing.pdf), name=order.field, roles=_roles(order.role))
        holder = token.choose(wanted)
        judged = self._require_may(self._judge(holder.der, token.chain))
        out = self.place_of(order, standing)
        return Proposal(standing=standing, place=place, holder=holder, judged=judged, out=out)

    def place_of(self, order: Order, standing: Standing) -> Path:
        """Return where the signed file goes: as ordered, else beside the file, numbered by officials' signatures."""
        signed = sum(each.signed for each in official_fields(standing.pdf))
        return order.out or _beside(order.file, signed + 1)

    def unfinished(self, order: Order, standing: Standing) -> Standing | None:
        """Return the file of a signing that was cut short before its entry: this one, or the one at the order's place.

        Raises CommandError "signing-out-exists" where something else is there.
        """
        if standing.before is not None:
            return standing
        out = self.place_of(order, standing)
        if _same(out, order.file) or not out.exists():
            return None
        there = read_file(str(out), MAX_BYTES)
        if not there.startswith(standing.pdf) or len(there) == len(standing.pdf):
            raise CommandError("signing-out-exists", file=str(out))
        found = self._known(there)
        verify_pdf(there, found.printed["seal_certificate"])
        if found.before is None:
            raise CommandError("signing-out-exists", file=str(out))
        return found

    def _known(self, pdf: bytes) -> Standing:
        prints, follows = self._hashes()
        sha256 = digest(pdf)
        if sha256 in prints:
            if sha256 in follows:
                raise CommandError("signing-newer", sha256=follows[sha256][:16])
            return Standing(pdf=pdf, sha256=sha256, printed=prints[sha256])
        for end in reversed(revisions(pdf)[:-1]):
            before = digest(pdf[:end])
            if before in prints:
                if before in follows:
                    raise CommandError("signing-newer", sha256=follows[before][:16])
                return Standing(pdf=pdf, sha256=sha256, printed=prints[before], before=pdf[:end])
        raise CommandError("signing-not-ours", session=self._session.session_id)

    def _hashes(self) -> tuple[dict[str, Mapping[str, Any]], dict[str, str]]:
        """Return the print entry behind every state of a file that the log knows, and which state followed which."""
        log, session = self._opened.store, self._session.session_id
        prints = {
            entry.body["pdf_sha256"]: entry.body
            for entry in log.entries("print")
            if entry.body["session"] == session
        }
        follows: dict[str, str] = {}
        kinds = (("sheet-signature", "signed_sha256"), ("sheet-timestamp", "stamped_sha256"))
        later = sorted(
            ((entry.seq, entry.body, name) for kind, name in kinds for entry in log.entries(kind)),
            key=lambda each: each[0],
        )
        for _, body, name in later:
            if body["pdf_sha256"] in prints:
                follows[body["pdf_sha256"]] = body[name]
                prints[body[name]] = prints[body["pdf_sha256"]]
        return prints, follows

    def _judge(self, certificate: bytes, others: tuple[bytes, ...]) -> Judged:
        known = self.authorities

        def judged(ocsps: tuple[bytes, ...]) -> Judged:
            return judge(
                certificate,
                others=(*others, *known.issuers),
                authorities=known.certificates("signatures"),
                crls=known.crl_bytes,
                ocsps=ocsps,
                at=datetime.now(UTC),
            )

        found = judged(())
        pinned = known.of(found.authority)
        if pinned is None or not pinned.ocsp or len(found.chain) < 2:
            return found
        answer = ask(pinned.ocsp, found.chain[0], found.chain[1])
        return found if answer is None else judged((answer,))

    def _require_may(self, judged: Judged) -> Judged:
        marked = self._session.rules.unknown_revocation == MARK
        if judged.status is SignatureStatus.VALID or (judged.status is SignatureStatus.UNKNOWN and marked):
            return judged
        status = judged.status.value
        raise SigningRefusedError(why=_REFUSED.get((status, judged.why), status), status=status)

    # -- the signature ---------------------------------------------------------------------------------

    def sign(self, proposal: Proposal, token: HeldToken, ask_pin: Callable[[], str]) -> SignedSheet:
        """Sign, write the new file, then enter it. Raises SigningPinError, the token's errors, CommandError."""
        if token.tries == NONE:
            raise SigningPinError(why="locked", left=NONE)
        standing, judged = proposal.standing, proposal.judged
        with token.unlocked(proposal.holder, ask_pin()) as sign:
            signed = sign_field(
                standing.pdf,
                proposal.place,
                Official(certificate=proposal.holder.der, chain=judged.chain[1:], sign=sign),
                at=datetime.now(UTC),
                unknown=judged.status is SignatureStatus.UNKNOWN,
                texts=load_texts("vi"),
            )
        verify_pdf(signed, standing.printed["seal_certificate"])
        self._write(proposal.out, signed, standing.pdf)
        return self._enter(
            standing.sha256,
            signed,
            place=proposal.place,
            certificate=proposal.holder.der,
            judged=judged,
            path=proposal.out,
        )

    def _write(self, out: Path, signed: bytes, before: bytes) -> None:
        """Write the file whole. Raises CommandError where something else has come to be there meanwhile."""
        try:
            if out.exists() and out.read_bytes() != before:
                raise CommandError("signing-changed", file=str(out))
            write_private(out, signed)
        except OSError:
            raise CommandError("cannot-write", file=str(out)) from None

    def recover(self, standing: Standing, path: Path) -> SignedSheet:
        """Enter a signature that is in a file already. Raises CommandError, SigningRefusedError, ReportsError."""
        if standing.before is None:
            raise CommandError("signing-not-ours", session=self._session.session_id)
        empty = {each.name for each in official_fields(standing.before) if not each.signed}
        filled = [each for each in official_fields(standing.pdf) if each.signed and each.name in empty]
        if len(filled) != 1:
            raise CommandError("signing-not-ours", session=self._session.session_id)
        signer = signed_by(standing.pdf, filled[0].name)
        judged = self._require_may(self._judge(signer.certificate, signer.chain))
        before = digest(standing.before)
        done = self._enter(
            before,
            standing.pdf,
            place=filled[0],
            certificate=signer.certificate,
            judged=judged,
            path=path,
        )
        return replace(done, recovered=True)

    def _enter(
        self,
        before: str,
        signed: bytes,
        *,
        place: OfficialField,
        certificate: bytes,
        judged: Judged,
        path: Path,
    ) -> SignedSheet:
        body = {
            "session": self._session.session_id,
            "pdf_sha256": before,
            "signed_sha256": digest(signed),
            "field": place.name,
            "role": place.role,
            "certificate": hashlib.sha256(certificate).hexdigest(),
            "status": judged.status.value,
            "authority": judged.authority,
        }
        operator = self._opened.require_login().operator
        receipt = self._opened.store.append(
            "sheet-signature", body, operator=operator, evidence=evidence_of(judged)
        )
        return SignedSheet(
            path=path,
            pdf_sha256=before,
            signed_sha256=body["signed_sha256"],
            place=replace(place, signed=True),
            certificate=body["certificate"],
            holder=name_of(x509.load_der_x509_certificate(certificate).subject),
            judged=judged,
            seq=receipt.seq,
            recovered=False,
        )


def evidence_of(judged: Judged) -> dict[str, bytes]:
    """Return what the log keeps of a judgement, as PEM: the chain, and the lists and answers that were asked."""
    chain = b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in judged.chain)
    said = [x509.load_der_x509_crl(der).public_bytes(Encoding.PEM) for der in judged.crls]
    said += [_pem(der) for der in judged.ocsps]
    return {"chain": chain, **({"revocation": b"".join(said)} if said else {})}


def _pem(der: bytes) -> bytes:
    text = base64.b64encode(der).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([_OCSP_PEM[0], *lines, _OCSP_PEM[1], ""]).encode()


def _roles(role: str | None) -> tuple[str, ...]:
    """Return the ways to write a role: as it was typed, and as paper has it for its identifier."""
    if role is None:
        return ()
    known = load_texts("vi").get(f"sheet.role.{role.strip().lower()}")
    return (role,) if known is None else (role, known)


def _beside(path: Path, number: int) -> Path:
    """Return `<name>-signed-<number>.pdf` beside a file, whatever number its own name bears."""
    return path.with_name(f"{_SIGNED.sub('', path.stem)}-signed-{number}.pdf")


def _same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute()
