"""Is this sheet's file genuine: who is believed, what the file is worth, what the log says, and the verdict."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import OpenRoot
from proctor.sheet_content import Content, LogFinding, Seals, hold_against_log, page_seals
from proctor.sheets import seal_certificate
from proctor.signing_authorities import load_authorities
from proctor.trusting import earlier_keys
from reports.errors import PdfOtherSignerError, PdfSealTimeError, PdfUnsignedError, ReportsError
from reports.seal import PageSeal
from reports.signing_status import SignatureStatus
from reports.verification import verify_pdf
from reports.verify_sheet import Believed, SheetFinding, SignatureKind, verify_sheet
from sessions.checkpoint import VerifierKey
from sessions.errors import NoteFormatError, SessionsError
from sessions.session import load_session

MAX_FILE: Final = 64 * 1024
MAX_CRL_FILE: Final = 32 * 1024 * 1024
MAX_FILES: Final = 50
REFUSE: Final = "refuse"
_PEM: Final = b"-----BEGIN "
_FINGERPRINT: Final = re.compile(r"[0-9A-Fa-f]{64}")


class SheetVerdict(StrEnum):
    """The first line."""

    INTACT = "intact"
    ALTERED = "altered"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Who is believed: SHA-256 of stations' certificates, the stations' keys, authorities.

    `keys_meant`: the keys are those of the station whose certificate is believed; where they are only what this machine
    knows, a sheet none of whose pages they signed is of a station whose key nobody here knows.
    """

    certificates: tuple[str, ...]
    keys: tuple[VerifierKey, ...] = ()
    keys_meant: bool = True
    believed: Believed = field(default_factory=Believed, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything that is known of a file. `reasons` are codes: why the verdict is not "intact".

    `log` is None where no root was opened; `seals` None where no key of that station is believed here. `early`: fields
    of officials who say that they signed before the station's seal was there.
    """

    verdict: SheetVerdict
    reasons: tuple[str, ...]
    file: SheetFinding
    seals: Seals | None
    log: LogFinding | None
    early: tuple[str, ...] = ()


def judge_file(
    pdf: bytes, pins: Pins, *, opened: OpenRoot | None, at: datetime, session: str | None = None
) -> Judgement:
    """Return what a PDF is worth, with the log of an open root or without one, as a sheet of `session` if it is given.

    Raises PdfFormatError.
    """
    finding = verify_sheet(pdf, pinned_of(pdf, pins), pins.believed, at=at)
    seals: Seals | None = None
    read: tuple[PageSeal, ...] = ()
    if finding.intact and pins.keys:
        seals, read = page_seals(finding.unsigned, pins.keys)
        if not pins.keys_meant and seals.error == "not-ours" and not seals.good:
            seals = None
    log = hold_against_log(opened, pdf, finding, read) if finding.intact and opened is not None else None
    altered = [*_altered(finding, seals, log)]
    unverified = [] if altered else [*_unverified(finding, seals, log, opened)]
    if session is not None and _sessions(seals, log) - {session}:
        unverified.append("session-other")
    verdict = SheetVerdict.UNVERIFIED if unverified else SheetVerdict.INTACT
    return Judgement(
        verdict=SheetVerdict.ALTERED if altered else verdict,
        reasons=(*altered, *unverified),
        file=finding,
        seals=seals,
        log=log,
        early=_early(finding),
    )


def _sessions(seals: Seals | None, log: LogFinding | None) -> set[str]:
    """Return the sessions that a sheet is of, as its seals and the entry of its print say."""
    found = {"" if seals is None else seals.session, "" if log is None else log.session}
    return found - {""}


def _early(finding: SheetFinding) -> tuple[str, ...]:
    """Return the fields whose signature claims to be older than the seal below it."""
    sealed = [each.claimed_at for each in finding.signatures if each.kind is SignatureKind.SEAL]
    tokens = [each for each in finding.signatures if each.kind is SignatureKind.TOKEN]
    return tuple(each.field for each in tokens if any(each.claimed_at < at for at in sealed))


def pinned_of(pdf: bytes, pins: Pins) -> str:
    """Return the fingerprint of the file's own seal if it is believed, else one of those that are."""
    try:
        verify_pdf(pdf, "")
    except PdfOtherSignerError as error:
        shown = str(error.facts["fingerprint"])
        return shown if shown in pins.certificates else next(iter(pins.certificates), "")
    except ReportsError:
        pass
    return next(iter(pins.certificates), "")


def _altered(finding: SheetFinding, seals: Seals | None, log: LogFinding | None) -> Iterable[str]:
    """Yield what says that somebody changed something."""
    harmless = (PdfUnsignedError, PdfOtherSignerError, PdfSealTimeError)
    if finding.error is not None and not isinstance(finding.error, harmless):
        yield finding.error.code
    if seals is not None and seals.error == "mixed":
        yield "seals-mixed"
    if log is not None and log.content is Content.DIFFERS:
        yield "content-differs"
    if log is not None and log.content is not Content.UNKNOWN and not log.head:
        yield "head-differs"


def _unverified(
    finding: SheetFinding, seals: Seals | None, log: LogFinding | None, opened: OpenRoot | None
) -> Iterable[str]:
    """Yield what leaves something open that must not be."""
    if finding.error is not None:
        yield finding.error.code
        return
    if not finding.credible:
        yield "signature-not-believed"
    if seals is not None and seals.error in {"none", "not-ours"}:
        yield "seals-not-ours"
    if log is not None and log.content is Content.UNKNOWN:
        yield "print-unknown"
    if log is not None and log.content is Content.UNREADABLE:
        yield "content-not-rebuilt"
    if log is not None and log.content is Content.OTHER_WORDS:
        yield "content-other-words"
    if log is not None and log.unlogged:
        yield "signature-unlogged"
    if log is not None and log.newer:
        yield "log-has-newer"
    if log is not None and opened is not None and _refuses_unknown(opened, log, finding):
        yield "status-unknown"


def _refuses_unknown(opened: OpenRoot, log: LogFinding, finding: SheetFinding) -> bool:
    """Whether the session's rules take no signature of unknown status, and there is one of which nobody ever knew."""
    tokens = [each for each in finding.signatures if each.kind is SignatureKind.TOKEN]
    unknown = [each.field for each in tokens if each.status is SignatureStatus.UNKNOWN]
    if not log.session or all(log.statuses.get(name) == SignatureStatus.VALID for name in unknown):
        return False
    try:
        return load_session(opened.store, log.session).rules.unknown_revocation == REFUSE
    except SessionsError:
        return True


# -- who is believed -------------------------------------------------------------------------------


def pins_of_root(opened: OpenRoot, keys: Iterable[VerifierKey]) -> Pins:
    """Return what an open root believes: every seal that its log printed with, its keys and authorities."""
    printed = {entry.body["seal_certificate"] for entry in opened.store.entries("print")}
    own = hashlib.sha256(seal_certificate(opened.root, opened.keys)).hexdigest()
    authorities = load_authorities(opened.root, opened.store)
    own_key = opened.keys.bundle.signer(opened.root.origin).key
    return Pins(
        certificates=tuple(sorted({own, *printed})),
        keys=tuple(dict.fromkeys((own_key, *earlier_keys(opened.store), *keys))),
        believed=Believed(
            signatures=authorities.certificates("signatures"),
            time_stamps=authorities.certificates("time-stamps"),
            crls=authorities.crl_bytes,
            others=authorities.issuers,
        ),
    )


def given_certificate(value: str) -> str:
    """Return the SHA-256 of a station's certificate: given as such (groups allowed), or a file with it."""
    bare = value.replace(" ", "").replace(":", "")
    if _FINGERPRINT.fullmatch(bare):
        return bare.lower()
    (certificate,) = given_certificates([value])
    return hashlib.sha256(certificate).hexdigest()


def given_certificates(files: Sequence[str]) -> tuple[bytes, ...]:
    """Return the certificates (DER) of files, each with one in DER or PEM. Raises CommandError."""
    found = []
    for file in _few(files):
        data = read_file(file, MAX_FILE)
        try:
            load = x509.load_pem_x509_certificate if _PEM in data else x509.load_der_x509_certificate
            found.append(load(data).public_bytes(Encoding.DER))
        except (ValueError, TypeError):
            raise CommandError("verifying-bad-certificate", usage=True, file=file) from None
    return tuple(found)


def given_crls(files: Sequence[str]) -> tuple[bytes, ...]:
    """Return the revocation lists (DER) of files. Raises CommandError."""
    found = []
    for file in _few(files):
        data = read_file(file, MAX_CRL_FILE)
        try:
            load = x509.load_pem_x509_crl if _PEM in data[:4096] else x509.load_der_x509_crl
            found.append(load(data).public_bytes(Encoding.DER))
        except (ValueError, TypeError):
            raise CommandError("verifying-bad-crl", usage=True, file=file) from None
    return tuple(found)


def given_keys(values: Sequence[str]) -> tuple[VerifierKey, ...]:
    """Return station keys: each a vkey, or a file that holds one. Raises CommandError."""
    keys = []
    for value in _few(values):
        text = value if value.count("+") >= 2 else read_file(value, MAX_FILE).decode("utf-8", "replace")
        try:
            keys.append(VerifierKey.parse(text.strip()))
        except NoteFormatError:
            raise CommandError("verifying-bad-key", usage=True, value=value[:80]) from None
    return tuple(keys)


def _few(values: Sequence[str]) -> Sequence[str]:
    if len(values) > MAX_FILES:
        raise CommandError("verifying-too-many", usage=True, limit=MAX_FILES)
    return values
