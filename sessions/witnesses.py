"""The witnesses of a station: who may cosign its log, where they are reached, which of them must.

The list lies in a file (`trust/witnesses.toml`) outside the log, and every line of it is an entry of two persons in the
log. Neither is believed without the other: what differs is refused.
"""

from __future__ import annotations

import json
import re
import tomllib
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sessions.checkpoint import Checkpoint
from sessions.cosignature import Cosignature, CosignerKey, verify_lines
from sessions.errors import NoteFormatError, WitnessNameError, WitnessSettingsError
from sessions.files import write_private

FILE: Final = "witnesses.toml"
ADDED, REMOVED = "witness-added", "witness-removed"
MAX_WITNESSES: Final = 15
"""With the station's own line these are the sixteen signatures that every reader of notes must take."""
_PIN: Final = re.compile(r"[0-9a-f]{64}")
_FIELDS: Final = {"vkey", "address", "tls_pin", "required"}
_MAX_FILE: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A witness of this station. `tls_pin`: SHA-256 of the SubjectPublicKeyInfo of its certificate, hexadecimal."""

    key: CosignerKey
    address: str
    tls_pin: str
    required: bool = False

    def __post_init__(self) -> None:
        require_address(self.address)
        if not _PIN.fullmatch(self.tls_pin):
            raise NoteFormatError(why="tls-pin")

    @property
    def name(self) -> str:
        """The witness's name."""
        return self.key.name

    def as_body(self) -> dict[str, Any]:
        """Return the fields of its key entry."""
        return {
            "event": ADDED,
            "vkey": self.key.encode(),
            "address": self.address,
            "tls_pin": self.tls_pin,
            "required": int(self.required),
        }

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> Witness:
        """Return the witness of an entry or of a table of the file; raises NoteFormatError."""
        try:
            key = CosignerKey.parse(str(fields["vkey"]))
            return cls(
                key=key,
                address=str(fields["address"]),
                tls_pin=str(fields["tls_pin"]),
                required=bool(fields["required"]),
            )
        except KeyError:
            raise NoteFormatError(why="witness") from None


def require_address(address: str) -> urllib.parse.SplitResult:
    """Return the parts of a witness's address: https, a host, perhaps a port and a path. Raises NoteFormatError."""
    try:
        parts = urllib.parse.urlsplit(address)
        whole = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise NoteFormatError(why="address") from None
    plain = parts.username is None and not parts.query and not parts.fragment
    if not whole or not plain or len(address) > 255 or not address.isascii() or not address.isprintable():
        raise NoteFormatError(why="address")
    return parts


def logged(bodies: Iterable[Mapping[str, Any]]) -> tuple[Witness, ...]:
    """Return the witnesses that key entries, in order, have added and not removed. Raises WitnessSettingsError."""
    found: dict[str, Witness] = {}
    for body in bodies:
        try:
            if body.get("event") == ADDED:
                witness = Witness.of_fields(body)
                found[witness.key.encode()] = witness
        except NoteFormatError:
            raise WitnessSettingsError(why="entry") from None
        if body.get("event") == REMOVED:
            found.pop(str(body.get("vkey")), None)
    return tuple(found.values())


def read_file(path: Path) -> tuple[Witness, ...]:
    """Return the witnesses of a file; none where there is no file. Raises WitnessSettingsError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE)
    except FileNotFoundError:
        return ()
    except OSError:
        raise WitnessSettingsError(why="unreadable") from None
    try:
        document = tomllib.loads(data.decode("utf-8"))
        rows = document.pop("witness", [])
        if document != {"schema": 1} or not isinstance(rows, list):
            raise WitnessSettingsError(why="form")
        return tuple(_of_row(row) for row in rows)
    except (ValueError, NoteFormatError):
        raise WitnessSettingsError(why="form") from None


def _of_row(row: object) -> Witness:
    if not isinstance(row, dict) or set(row) != _FIELDS or not isinstance(row["required"], bool):
        raise NoteFormatError(why="witness")
    return Witness.of_fields(row)


def write_file(path: Path, witnesses: Sequence[Witness]) -> None:
    """Write the list."""
    tables = (
        f"\n[[witness]]\nvkey = {json.dumps(witness.key.encode())}\naddress = {json.dumps(witness.address)}\n"
        f"tls_pin = {json.dumps(witness.tls_pin)}\nrequired = {str(witness.required).lower()}\n"
        for witness in witnesses
    )
    write_private(path, ("schema = 1\n" + "".join(tables)).encode())


def require_same(filed: Sequence[Witness], entered: Sequence[Witness]) -> tuple[Witness, ...]:
    """Return the witnesses if file and log name the same; raises WitnessSettingsError with the first that differs."""
    by_key = {witness.key.encode(): witness for witness in entered}
    for witness in filed:
        known = by_key.pop(witness.key.encode(), None)
        if known is None:
            raise WitnessSettingsError(why="not-in-log", witness=witness.name)
        if known != witness:
            raise WitnessSettingsError(why="changed", witness=witness.name)
    for name in (witness.name for witness in by_key.values()):
        raise WitnessSettingsError(why="missing", witness=name)
    return tuple(entered)


def require_new(witness: Witness, present: Sequence[Witness]) -> Witness:
    """Return a witness that can be added; raises WitnessNameError for a name or a key that is on the list."""
    if len(present) >= MAX_WITNESSES:
        raise WitnessNameError(why="too-many", witness=witness.name)
    if any(witness.name == other.name or witness.key.public == other.key.public for other in present):
        raise WitnessNameError(why="present", witness=witness.name)
    return witness


def find(name: str, present: Sequence[Witness]) -> Witness:
    """Return the witness of a name, a vkey or a short key id; raises WitnessNameError."""
    found = [
        witness
        for witness in present
        if name.strip() in {witness.name, witness.key.encode(), witness.key.key_id}
    ]
    if len(found) != 1:
        raise WitnessNameError(why="absent", witness=name[:64])
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigners:
    """Who cosigned a tree head, of the witnesses that a station has: for the sheet, and for whoever asks."""

    signed: tuple[Cosignature, ...] = ()
    configured: int = 0
    missing: tuple[str, ...] = field(default=())
    """Names of required witnesses whose cosignature is not there."""

    @property
    def complete(self) -> bool:
        """Whether every required witness signed."""
        return not self.missing


def cosigners_of(head: Checkpoint, lines: Sequence[str], witnesses: Sequence[Witness]) -> Cosigners:
    """Return who of the witnesses cosigned a head, from the lines that are kept of it.

    Raises NoteFormatError, NoteSignatureError for a line that names one of them and is not good.
    """
    signed = verify_lines(lines, head.text, [witness.key for witness in witnesses])
    newest = {found.key_id: found for found in sorted(signed, key=lambda found: found.at)}
    ids = {witness.key.key_id: witness for witness in witnesses}
    missing = tuple(
        witness.name for key_id, witness in ids.items() if witness.required and key_id not in newest
    )
    return Cosigners(signed=tuple(newest.values()), configured=len(witnesses), missing=missing)
