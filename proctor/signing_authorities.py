"""The certificate authorities whose signatures on sheets count, and that stamp times: files below the root's trust,
held against the log; and their revocation lists.

A file that no entry names does not count; an entry whose file is gone is reported, and counts for nothing either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from proctor.roots import OpenRoot
from reports.signing_errors import (
    AuthorityFileError,
    CrlFileError,
    CrlRollbackError,
    SigningCertificateError,
)
from reports.signing_revocation import MAX_CRL, crl_number, in_force, is_authority, made_by, read_crl
from reports.signing_status import find_path, read_certificate
from sessions.files import make_private_dir, write_private
from sessions.record import Second, format_utc, parse_utc
from sessions.root import DataRoot

Purpose = Literal["signatures", "time-stamps"]
PURPOSES: Final[tuple[Purpose, ...]] = ("signatures", "time-stamps")
FOLDER: Final = "authorities"
EVENT, CRL_EVENT = "signing-authority", "signing-crl"
MAX_FILE: Final = 64 * 1024
MAX_CRL_FILE: Final = 2 * MAX_CRL
_PEM: Final = b"-----BEGIN "
_ON, _OFF = "on", "off"


class Log(Protocol):
    """The log, as far as this needs it."""

    def entries(self, kind: str) -> Iterable[Any]:
        """Return the entries of a kind, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A pinned certificate (DER) and what it is pinned for; `ocsp`: where its answers are asked for, or nothing."""

    certificate: bytes = field(repr=False)
    fingerprint: str
    purposes: tuple[Purpose, ...]
    ocsp: str = ""

    @property
    def parsed(self) -> x509.Certificate:
        """The certificate."""
        return x509.load_der_x509_certificate(self.certificate)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCrl:
    """A revocation list (DER), the certificate that made it (DER), and where it hangs below."""

    data: bytes = field(repr=False)
    issuer: bytes = field(repr=False)
    fingerprint: str
    number: str
    this_update: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What does not agree between folder and log: `code` "unlogged", "missing" or "altered", and whose file."""

    code: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorities:
    """What counts at a station, and what of its folder does not."""

    pinned: tuple[Authority, ...] = ()
    crls: tuple[StoredCrl, ...] = ()
    findings: tuple[Finding, ...] = ()

    def certificates(self, purpose: Purpose) -> tuple[bytes, ...]:
        """Return the pinned certificates of a purpose, DER."""
        return tuple(each.certificate for each in self.pinned if purpose in each.purposes)

    @property
    def crl_bytes(self) -> tuple[bytes, ...]:
        """The revocation lists, DER."""
        return tuple(each.data for each in self.crls)

    @property
    def issuers(self) -> tuple[bytes, ...]:
        """Every certificate that made a list, DER: what may stand between a holder and a pinned one."""
        return tuple(each.issuer for each in self.crls)

    def of(self, fingerprint: str) -> Authority | None:
        """Return the pinned certificate of a fingerprint, or None."""
        return next((each for each in self.pinned if each.fingerprint == fingerprint), None)


def folder_of(root: DataRoot) -> Path:
    """Return where a root keeps them."""
    return root.trust_dir / FOLDER


def load_authorities(root: DataRoot, log: Log) -> Authorities:
    """Return what counts at a station, as folder and log agree."""
    folder = folder_of(root)
    files = _files(folder)
    purposes, lists = _logged(log)
    pinned, findings = [], []
    for fingerprint, wanted in sorted(purposes.items()):
        data = files.pop(f"{fingerprint}.der", None)
        if data is None or hashlib.sha256(data).hexdigest() != fingerprint:
            findings.append(Finding(code="missing" if data is None else "altered", fingerprint=fingerprint))
            continue
        url = files.pop(f"{fingerprint}.ocsp", b"").decode("ascii", "replace").strip()
        pinned.append(Authority(certificate=data, fingerprint=fingerprint, purposes=wanted, ocsp=url))
    crls = []
    for issuer, body in sorted(lists.items()):
        data, made = files.pop(f"{issuer}.crl", None), files.pop(f"{issuer}.issuer", None)
        if data is None or made is None:
            findings.append(Finding(code="missing", fingerprint=body["fingerprint"]))
        elif _digests(data, made) != (body["fingerprint"], issuer):
            findings.append(Finding(code="altered", fingerprint=body["fingerprint"]))
        else:
            crls.append(_stored(data, made, body))
    findings += [Finding(code="unlogged", fingerprint=name.partition(".")[0][:64]) for name in sorted(files)]
    return Authorities(pinned=tuple(pinned), crls=tuple(crls), findings=tuple(findings))


def _digests(data: bytes, made: bytes) -> tuple[str, str]:
    return hashlib.sha256(data).hexdigest(), hashlib.sha256(made).hexdigest()


def _stored(data: bytes, made: bytes, body: Mapping[str, Any]) -> StoredCrl:
    return StoredCrl(
        data=data,
        issuer=made,
        fingerprint=body["fingerprint"],
        number=body["number"],
        this_update=parse_utc(body["this_update"]),
    )


def _files(folder: Path) -> dict[str, bytes]:
    """Return the files of the folder by name; what is too large or cannot be read is as if empty."""
    found: dict[str, bytes] = {}
    if not folder.is_dir():
        return found
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        try:
            with path.open("rb") as stream:
                found[path.name] = stream.read(MAX_CRL + 1)
        except OSError:
            found[path.name] = b""
    return found


def _logged(log: Log) -> tuple[dict[str, tuple[Purpose, ...]], dict[str, Mapping[str, Any]]]:
    """Return the purposes by pinned certificate, and the newest list by issuer, as the log has them."""
    on: dict[str, dict[Purpose, None]] = {}
    lists: dict[str, Mapping[str, Any]] = {}
    for body in _events(log):
        if body["event"] == CRL_EVENT:
            lists[body["issuer"]] = body
        elif body["state"] == _ON:
            on.setdefault(body["fingerprint"], {})[body["purpose"]] = None
        else:
            on.get(body["fingerprint"], {}).pop(body["purpose"], None)
    purposes = {fingerprint: tuple(each) for fingerprint, each in on.items() if each}
    return purposes, {issuer: body for issuer, body in lists.items() if body["authority"] in purposes}


def _events(log: Log) -> Iterator[Mapping[str, Any]]:
    for entry in log.entries("key"):
        if entry.body.get("event") in {EVENT, CRL_EVENT}:
            yield entry.body


# -- adding and removing -----------------------------------------------------------------------------


def read_authority(data: bytes, purpose: Purpose, at: datetime) -> x509.Certificate:
    """Return the one certificate of a file (DER or PEM) if it may be pinned for a purpose.

    For signatures an authority; for time stamps one too, or who stamps. Raises AuthorityFileError.
    """
    try:
        certificates = (
            x509.load_pem_x509_certificates(data) if _PEM in data else [x509.load_der_x509_certificate(data)]
        )
    except (ValueError, TypeError):
        raise AuthorityFileError(why="unreadable") from None
    if len(certificates) != 1:
        raise AuthorityFileError(why="several", count=len(certificates))
    try:
        certificate = read_certificate(certificates[0].public_bytes(Encoding.DER))
    except SigningCertificateError as error:
        raise AuthorityFileError(why=str(error.facts["why"])) from None
    if not is_authority(certificate) and not (purpose == "time-stamps" and _stamps(certificate)):
        raise AuthorityFileError(why="no-authority")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise AuthorityFileError(why="expired")
    return certificate


def _stamps(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage


def is_pinned(log: Log, fingerprint: str, purpose: Purpose) -> bool:
    """Whether the log says that a certificate counts for a purpose."""
    return purpose in _logged(log)[0].get(fingerprint, ())


def pin(opened: OpenRoot, certificate: x509.Certificate, purpose: Purpose, second: Second | None) -> str:
    """Write a certificate's file, then enter that it counts; return its fingerprint.

    Asked again, or after a crash in between, it only does what is left; `second` is None where nothing is entered.
    """
    data = certificate.public_bytes(Encoding.DER)
    fingerprint = hashlib.sha256(data).hexdigest()
    write_private(make_private_dir(folder_of(opened.root)) / f"{fingerprint}.der", data)
    if second is not None:
        _enter(opened, fingerprint, purpose, _ON, second)
    return fingerprint


def unpin(opened: OpenRoot, fingerprint: str, purpose: Purpose, second: Second) -> None:
    """Enter that a certificate does not count any more; its files and lists go with its last purpose."""
    below = [
        each["issuer"] for each in _newest_lists(opened.store).values() if each["authority"] == fingerprint
    ]
    _enter(opened, fingerprint, purpose, _OFF, second)
    if fingerprint in _logged(opened.store)[0]:
        return
    names = [f"{fingerprint}.der", f"{fingerprint}.ocsp"]
    names += [f"{issuer}.{suffix}" for issuer in below for suffix in ("crl", "issuer")]
    for name in names:
        (folder_of(opened.root) / name).unlink(missing_ok=True)


def _enter(opened: OpenRoot, fingerprint: str, purpose: Purpose, state: str, second: Second) -> None:
    body = {"event": EVENT, "fingerprint": fingerprint, "purpose": purpose, "state": state}
    opened.store.append("key", body, operator=opened.require_login().operator, second=second)


def write_ocsp(root: DataRoot, fingerprint: str, url: str) -> None:
    """Keep where an authority's answers are asked for; an empty address forgets it. Answers are signed anyway."""
    path = folder_of(root) / f"{fingerprint}.ocsp"
    if url:
        write_private(path, url.encode("ascii"))
    else:
        path.unlink(missing_ok=True)


# -- revocation lists --------------------------------------------------------------------------------


def take_crl(opened: OpenRoot, data: bytes, issuer: bytes | None, at: datetime) -> tuple[StoredCrl, bool]:
    """Check a revocation list (DER or PEM), keep it, enter it; return it, and whether it is new.

    `issuer`: the certificate that made it (DER or PEM) where that is not pinned itself but below a pinned one.
    Raises CrlFileError, CrlRollbackError, AuthorityFileError.
    """
    crl, der = _parse_crl(data)
    authorities = load_authorities(opened.root, opened.store)
    made, authority = _maker(crl, issuer, authorities, at)
    if not in_force(crl.last_update_utc, crl.next_update_utc, at):
        late = crl.next_update_utc is not None and crl.next_update_utc < at
        raise CrlFileError(why="stale" if late else "not-yet")
    number = crl_number(crl)
    made_hash = hashlib.sha256(made).hexdigest()
    body = {
        "event": CRL_EVENT,
        "fingerprint": hashlib.sha256(der).hexdigest(),
        "issuer": made_hash,
        "authority": authority,
        "number": "" if number is None else str(number),
        "this_update": format_utc(crl.last_update_utc),
    }
    known = _newest_lists(opened.store).get(made_hash)
    if known is not None:
        _require_newer(known, body)
    folder = make_private_dir(folder_of(opened.root))
    write_private(folder / f"{made_hash}.issuer", made)
    write_private(folder / f"{made_hash}.crl", der)
    fresh = known is None or known["fingerprint"] != body["fingerprint"] or known["authority"] != authority
    if fresh:
        opened.store.append("key", body, operator=opened.require_login().operator)
    return _stored(der, made, body), fresh


def _parse_crl(data: bytes) -> tuple[x509.CertificateRevocationList, bytes]:
    der = data
    if _PEM in data[:4096]:
        try:
            der = x509.load_pem_x509_crl(data).public_bytes(Encoding.DER)
        except (ValueError, TypeError):
            raise CrlFileError(why="unreadable") from None
    crl = read_crl(der)
    if crl is None:
        raise CrlFileError(why="unreadable")
    return crl, der


def _maker(
    crl: x509.CertificateRevocationList, issuer: bytes | None, authorities: Authorities, at: datetime
) -> tuple[bytes, str]:
    """Return the certificate that made a list, DER, and the fingerprint of the pinned one above it, or of itself."""
    pinned = authorities.certificates("signatures") + authorities.certificates("time-stamps")
    for der in dict.fromkeys(pinned):
        if made_by(crl, x509.load_der_x509_certificate(der)):
            return der, hashlib.sha256(der).hexdigest()
    given = [] if issuer is None else [_given(issuer)]
    for der in dict.fromkeys([*given, *authorities.issuers]):
        parsed = x509.load_der_x509_certificate(der)
        if is_authority(parsed) and made_by(crl, parsed):
            chain, problem = find_path(der, (), pinned, at)
            if problem is None:
                return der, hashlib.sha256(chain[-1]).hexdigest()
            raise CrlFileError(why=f"issuer-{problem[0]}")
    raise CrlFileError(why="issuer-unknown")


def _given(data: bytes) -> bytes:
    try:
        loaded = x509.load_pem_x509_certificate if _PEM in data else x509.load_der_x509_certificate
        return loaded(data).public_bytes(Encoding.DER)
    except (ValueError, TypeError):
        raise AuthorityFileError(why="unreadable") from None


def _newest_lists(log: Log) -> dict[str, Mapping[str, Any]]:
    """Return the newest list of each issuer, as the log has them, whatever is pinned now."""
    return {body["issuer"]: body for body in _events(log) if body["event"] == CRL_EVENT}


def _require_newer(known: Mapping[str, Any], offered: Mapping[str, Any]) -> None:
    """Raise CrlRollbackError for an older list: by number, and by date where it has none or the same."""
    if known["fingerprint"] == offered["fingerprint"]:
        return
    old, new = (int(body["number"] or 0) for body in (known, offered))
    dates = [parse_utc(body["this_update"]) for body in (known, offered)]
    if new < old or (new == old and dates[1] <= dates[0]) or (new > old and dates[1] < dates[0]):
        raise CrlRollbackError(stored_number=str(old), offered_number=str(new))
