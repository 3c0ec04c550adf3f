"""The folder of a witness: its name, its keys, its certificate, its memory. Made once, by `proctor witness init`."""

import hashlib
import json
import secrets
import ssl
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sessions.cosignature import SEED_BYTES, Cosigner, CosignerKey, Kind
from sessions.errors import NoteFormatError, WitnessFolderError, WrongSecretError
from sessions.files import make_private_dir, write_private
from sessions.keys import Argon2, require_secret
from sessions.record import format_utc
from sessions.root import lock_file
from sessions.witness_store import WitnessStore

DATABASE, SETTINGS, KEY_FILE, VKEY, CERTIFICATE = (
    *("witness.db", "witness.toml", "witness.key", "witness.vkey", "tls.crt"),
)
KINDS: Final = {"ed25519": Kind.ED25519, "ml-dsa-44": Kind.ML_DSA_44}
_FORM: Final = "proctor witness key 1"
_FIELDS: Final = {"schema", "name", "kind", "vkey", "tls_pin", "custody", "created"}
_MAX_FILE: Final = 16_384
_VALID_DAYS: Final = 36_525
"""A hundred years: what a station believes is the pinned key, never a date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessKeys:
    """What a witness signs with, and what its listener shows itself with."""

    cosigner: Cosigner
    tls_key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFolder:
    """A witness on disk, its key still shut. `custody`: sealed or bare."""

    path: Path
    key: CosignerKey
    tls_pin: str
    custody: str
    created: str

    @classmethod
    def create(
        cls,
        path: Path,
        name: str,
        *,
        kind: Kind,
        passphrase: str | None,
        now: datetime,
        cost: Argon2 | None = None,
    ) -> Self:
        """Make a witness in an absent or empty directory; without a passphrase its key lies bare.

        Raises WitnessFolderError, NoteFormatError (name), SecretTooShortError.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise WitnessFolderError(why="not-empty")
        cosigner = Cosigner(name, secrets.token_bytes(SEED_BYTES), kind)
        if passphrase is not None:
            require_secret(passphrase)
        return cls._write(path, cosigner, passphrase, now, cost or Argon2())

    @classmethod
    def _write(
        cls, path: Path, cosigner: Cosigner, passphrase: str | None, now: datetime, cost: Argon2
    ) -> Self:
        tls_key = ec.generate_private_key(ec.SECP256R1())
        certificate = make_certificate(tls_key, cosigner.key.name, now)
        folder = cls(
            path=path,
            key=cosigner.key,
            tls_pin=spki_pin(certificate),
            custody="bare" if passphrase is None else "sealed",
            created=format_utc(now),
        )
        make_private_dir(path)
        WitnessStore.create(path / DATABASE)
        (path / DATABASE).chmod(0o600)
        parts = {"cosigner": cosigner.seed.hex(), "tls": _pkcs8(tls_key).hex()}
        write_private(path / KEY_FILE, _sealed(parts, cosigner.key.name, passphrase, cost))
        pem = x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM)
        write_private(path / CERTIFICATE, pem)
        write_private(path / VKEY, f"{cosigner.key.encode()}\n".encode())
        write_private(path / SETTINGS, folder._settings().encode())  # last: what has it is whole
        return folder

    def _settings(self) -> str:
        kind = next(name for name, found in KINDS.items() if found is self.key.kind)
        fields = {
            "name": self.key.name,
            "kind": kind,
            "vkey": self.key.encode(),
            "tls_pin": self.tls_pin,
            "custody": self.custody,
            "created": self.created,
        }
        return "schema = 1\n" + "".join(f"{name} = {json.dumps(text)}\n" for name, text in fields.items())

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the witness of a folder; raises WitnessFolderError."""
        try:
            fields = tomllib.loads(_read(path / SETTINGS).decode("utf-8"))
            if set(fields) != _FIELDS or fields["schema"] != 1:
                raise WitnessFolderError(file=SETTINGS)
            key = CosignerKey.parse(str(fields["vkey"]))
        except (ValueError, NoteFormatError):
            raise WitnessFolderError(file=SETTINGS) from None
        if key.name != fields["name"] or KINDS.get(fields["kind"]) is not key.kind:
            raise WitnessFolderError(file=SETTINGS)
        return cls(
            path=path,
            key=key,
            tls_pin=str(fields["tls_pin"]),
            custody=str(fields["custody"]),
            created=str(fields["created"]),
        )

    def unlock(self, passphrase: str | None) -> WitnessKeys:
        """Return the keys; raises WrongSecretError, and WitnessFolderError where they are not this witness's."""
        parts = _opened(_read(self.path / KEY_FILE), self.key.name, passphrase)
        try:
            cosigner = Cosigner(self.key.name, bytes.fromhex(parts["cosigner"]), self.key.kind)
            tls_key = serialization.load_der_private_key(bytes.fromhex(parts["tls"]), password=None)
        except (KeyError, TypeError, ValueError, NoteFormatError):
            raise WitnessFolderError(file=KEY_FILE) from None
        if cosigner.key != self.key or not isinstance(tls_key, ec.EllipticCurvePrivateKey):
            raise WitnessFolderError(file=KEY_FILE)
        return WitnessKeys(cosigner=cosigner, tls_key=tls_key)

    def server_context(self, keys: WitnessKeys) -> ssl.SSLContext:
        """Return the listener's TLS: 1.3 only, our certificate. Raises WitnessFolderError.

        OpenSSL wants the key in a file: it gets one that is encrypted under a password made for that moment.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols(["http/1.1"])
        password = secrets.token_hex(32)
        pem = keys.tls_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
        try:
            with tempfile.TemporaryDirectory(dir=self.path) as folder:
                file = Path(folder) / "tls.key"
                file.write_bytes(pem)
                context.load_cert_chain(self.path / CERTIFICATE, file, password)
        except (OSError, ssl.SSLError):
            raise WitnessFolderError(file=CERTIFICATE) from None
        return context

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold this witness for this process; raises RootBusyError while another process serves it."""
        with lock_file(self.path / ".lock"):
            yield


def make_certificate(key: ec.EllipticCurvePrivateKey, name: str, now: datetime) -> bytes:
    """Return the DER of a self-signed certificate: a name tag that is believed only where its key is pinned."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"proctor witness {name}"[:64])])
    start = now.astimezone(UTC).replace(microsecond=0) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=_VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def spki_pin(certificate: bytes) -> str:
    """Return the SHA-256 of a DER certificate's SubjectPublicKeyInfo, lowercase hexadecimal: what a station pins.

    Raises ValueError for what is no certificate.
    """
    public = x509.load_der_x509_certificate(certificate).public_key()
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def _pkcs8(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _sealed(parts: Mapping[str, str], name: str, passphrase: str | None, cost: Argon2) -> bytes:
    """Return the key file: bare, or AES-256-GCM under argon2id of the passphrase, bound to the witness's name."""
    if passphrase is None:
        return json.dumps({"form": _FORM, "bare": dict(parts)}, indent=1).encode()
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    data = json.dumps(dict(parts)).encode()
    box = AESGCM(cost.derive(passphrase, salt)).encrypt(nonce, data, _aad(name))
    fields = {
        "form": _FORM,
        "kdf": "argon2id",
        "passes": cost.passes,
        "memory_kib": cost.memory_kib,
        "lanes": cost.lanes,
        "salt": salt.hex(),
        "sealed": (nonce + box).hex(),
    }
    return json.dumps(fields, indent=1).encode()


def _opened(data: bytes, name: str, passphrase: str | None) -> dict[str, Any]:
    """Return the secrets of a key file; raises WrongSecretError, WitnessFolderError."""
    try:
        fields = json.loads(data)
        if fields["form"] != _FORM:
            raise WitnessFolderError(file=KEY_FILE)
        if "bare" in fields:
            return dict(fields["bare"])
        cost = Argon2(passes=fields["passes"], memory_kib=fields["memory_kib"], lanes=fields["lanes"])
        if not (0 < cost.passes <= 64 and 0 < cost.memory_kib <= 2_097_152 and 0 < cost.lanes <= 64):
            raise WitnessFolderError(file=KEY_FILE)
        salt, box = bytes.fromhex(fields["salt"]), bytes.fromhex(fields["sealed"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise WitnessFolderError(file=KEY_FILE) from None
    if passphrase is None:
        raise WrongSecretError
    try:
        opened = AESGCM(cost.derive(passphrase, salt)).decrypt(box[:12], box[12:], _aad(name))
    except (InvalidTag, ValueError):
        raise WrongSecretError from None
    return dict(json.loads(opened))


def _aad(name: str) -> bytes:
    return f"{_FORM}\n{name}".encode()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE + 1)
    except OSError:
        raise WitnessFolderError(file=path.name) from None
    if len(data) > _MAX_FILE:
        raise WitnessFolderError(file=path.name)
    return data
