"""A part of a session on its way to another station: a signed file, sealed under a passphrase.

What the other station needs: the list with its salts (so that its hash is the same), the rules file, what the session
is, who belongs to whom, and what was decided before (places, components passed earlier). The main station signs it;
the receiver believes the station's key by a pin or a fingerprint read from paper. Form: docs/log-format.md, "Parts".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions import codec
from sessions.checkpoint import Signer, VerifierKey, station_of
from sessions.course.day_errors import (
    NotSplitError,
    PartExistsError,
    PartFileError,
    PartKindError,
    PartSecretError,
)
from sessions.course.parts import MAX_PARTS, Assignment, assignment_of
from sessions.errors import (
    CanonicalFormError,
    NoteFormatError,
    NoteSignatureError,
    RosterDocumentError,
    RulesError,
)
from sessions.keys import Argon2, require_secret
from sessions.pins import StationPins
from sessions.record import Operator
from sessions.roster.document import MAX_DOCUMENT, parse_document
from sessions.rules import parse_rules
from sessions.session import Part, Session, load_session, newest_roster
from sessions.store import Store

FORM: Final = "proctor part 1"
SUFFIX: Final = ".part"
MAX_FILE: Final = 128_000_000
_MAX_SIGNED: Final = 64_000_000
COST: Final = Argon2(passes=4, memory_kib=262_144, lanes=2)
CARRIED: Final = ("prior", "allocation")
"""Kinds of entries that the other station needs from the day's beginning; their entries there say `carried`."""
_COMMON: Final = frozenset(
    {
        "schema",
        "kind",
        "seq",
        "origin",
        "at",
        "monotonic_ms",
        "boot_id",
        "operator",
        "second",
        "session",
        "carried",
    }
    | {"evidence", "evidence_keys", "evidence_slot", "signatures"}
)
_TEXTS: Final = (
    "group",
    "root_kind",
    "day",
    "place",
    "component",
    "component_label",
    "rules",
    "rules_sha256",
    "roster_hash",
    "method",
    "vkey",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFile:
    """A part file taken apart and verified. `body`: the open entry's fields; `carried`: (kind, body) pairs."""

    part: Part
    key: VerifierKey
    assignment: Assignment
    body: Mapping[str, Any] = field(repr=False)
    roster: bytes = field(repr=False)
    rules: bytes = field(repr=False)
    carried: tuple[tuple[str, Mapping[str, Any]], ...] = field(repr=False, default=())

    @property
    def session_id(self) -> str:
        """The id that the part has at its station."""
        return f"{self.part.group}-p{self.part.number}"


# -- made ----------------------------------------------------------------------------------------------


def make_part(store: Store, session: Session, number: int, *, signer: Signer) -> bytes:
    """Return what is signed for part `number` of a session that was divided, with its signature; not sealed yet.

    Raises NotSplitError, StoreAlteredError.
    """
    assignment, found = assignment_of(store, session), newest_roster(store, session.session_id)
    if session.part is None or number not in assignment.parts or found is None:
        raise NotSplitError(session=session.session_id)
    opened = store.entry(session.seq).body
    carried = [
        {"kind": kind, "body": {name: value for name, value in entry.body.items() if name not in _COMMON}}
        for kind in CARRIED
        for entry in store.entries(kind, session.session_id)
    ]
    fields = {
        "form": FORM,
        "vkey": signer.key.encode(),
        "group": session.session_id,
        "number": number,
        "root_kind": session.kind,
        "day": session.day.isoformat(),
        "place": session.place,
        "component": session.component,
        "component_label": session.component_label,
        "components": list(session.components),
        "rules": session.rules_id,
        "rules_sha256": session.rules_sha256,
        "roster_hash": session.roster_hash,
        "candidates": len(session.seats),
        "refused_rows": opened["refused_rows"],
        **assignment.as_body(),
        "carried": carried,
        "roster": base64.b64encode(found[1].data).decode(),
        "rules_file": base64.b64encode(session.rules.data).decode(),
    }
    data = codec.encode(fields, limit=_MAX_SIGNED)
    return signer.sign(_message(data)) + data


def seal_part(signed: bytes, passphrase: str | None, *, cost: Argon2 = COST) -> bytes:
    """Return the file of a signed part under a passphrase; None, in training only, leaves it in the clear.

    Raises SecretTooShortError.
    """
    if passphrase is None:
        return _dump({"kdf": "none", "bare": base64.b64encode(signed).decode()})
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    key = cost.derive(require_secret(passphrase), salt)
    sealed = nonce + AESGCM(key).encrypt(nonce, signed, FORM.encode())
    return _dump(
        {
            "kdf": "argon2id",
            "passes": cost.passes,
            "memory_kib": cost.memory_kib,
            "lanes": cost.lanes,
            "salt": salt.hex(),
            "sealed": base64.b64encode(sealed).decode(),
        }
    )


# -- read ----------------------------------------------------------------------------------------------


def needs_passphrase(data: bytes) -> bool:
    """Whether a part file is sealed; raises PartFileError for what is none."""
    return str(_outer(data)["kdf"]) != "none"


def open_part(data: bytes, passphrase: str | None, pins: StationPins) -> PartFile:
    """Return a part file, unsealed, verified under a key that is believed, and whole.

    Raises PartFileError, PartSecretError, UnknownStationError (with the fingerprint to compare),
    StationKeyMismatchError.
    """
    signed = _unsealed(_outer(data), passphrase)
    fields = _decoded(signed[64:])
    try:
        key = VerifierKey.parse(str(fields.get("vkey")))
        key.verify(signed[:64], _message(signed[64:]))
    except (NoteFormatError, NoteSignatureError):
        raise PartFileError(why="signature") from None
    pins.require(key)
    try:
        return _part(fields, key)
    except (KeyError, TypeError, ValueError, AttributeError, RosterDocumentError, RulesError):
        raise PartFileError(why="fields") from None


def _outer(data: bytes) -> Mapping[str, Any]:
    if len(data) > MAX_FILE:
        raise PartFileError(why="too-long")
    try:
        outer = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PartFileError(why="form") from None
    if (
        not isinstance(outer, dict)
        or outer.get("form") != FORM
        or outer.get("kdf") not in {"none", "argon2id"}
    ):
        raise PartFileError(why="form")
    return outer


def _unsealed(outer: Mapping[str, Any], passphrase: str | None) -> bytes:
    if outer["kdf"] == "none":
        return _unbase64(outer.get("bare"))
    if passphrase is None:
        raise PartSecretError
    numbers = [outer.get(name) for name in ("passes", "memory_kib", "lanes")]
    passes, memory, lanes = (number if type(number) is int else 0 for number in numbers)
    if not (0 < passes <= 16 and 8 <= memory <= 1_048_576 and 0 < lanes <= 16 and 8 * lanes <= memory):
        raise PartFileError(why="cost")
    salt, sealed = _unhex(outer.get("salt")), _unbase64(outer.get("sealed"))
    if len(salt) != 16 or len(sealed) < 12 + 16:
        raise PartFileError(why="form")
    key = Argon2(passes=passes, memory_kib=memory, lanes=lanes).derive(passphrase, salt)
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], FORM.encode())
    except InvalidTag:
        raise PartSecretError from None


def _decoded(data: bytes) -> Mapping[str, Any]:
    try:
        fields = codec.decode(data, limit=_MAX_SIGNED)
    except CanonicalFormError:
        raise PartFileError(why="fields") from None
    if fields.get("form") != FORM or any(type(fields.get(name)) is not str for name in _TEXTS):
        raise PartFileError(why="fields")
    return fields


def _part(fields: Mapping[str, Any], key: VerifierKey) -> PartFile:
    """Return the part if everything in it fits; raises what `open_part` turns into PartFileError."""
    roster, rules = _unbase64(fields["roster"]), _unbase64(fields["rules_file"])
    document, parsed = parse_document(roster[: MAX_DOCUMENT + 1]), parse_rules(rules)
    assignment = Assignment.of_body(fields)
    listed = sorted(seat.sbd for seat in document.seats)
    number = fields["number"]
    fits = (
        document.roster_hash == fields["roster_hash"]
        and (parsed.sha256, parsed.rules_id) == (fields["rules_sha256"], fields["rules"])
        and {fields["component"], *fields["components"]} <= set(parsed.components)
        and listed == sorted(sbd for sbds in assignment.parts.values() for sbd in sbds)
        and list(assignment.parts) == list(range(1, assignment.of + 1))
        and type(number) is int
        and 2 <= number <= assignment.of <= MAX_PARTS
        and fields["candidates"] == len(listed)
        and type(fields["refused_rows"]) is int
    )
    if not fits or any(_COMMON & set(each["body"]) for each in fields["carried"]):
        raise ValueError("the part does not fit together")
    part = Part(number=number, of=assignment.of, group=fields["group"])
    copied = (
        "root_kind",
        "day",
        "place",
        "component",
        "component_label",
        "rules",
        "rules_sha256",
        "roster_hash",
    )
    body = {name: fields[name] for name in copied}
    body |= {name: fields[name] for name in ("components", "candidates", "refused_rows")}
    date.fromisoformat(fields["day"])
    carried = tuple(
        (each["kind"], dict(each["body"])) for each in fields["carried"] if each["kind"] in CARRIED
    )
    return PartFile(
        part=part, key=key, assignment=assignment, body=body, roster=roster, rules=rules, carried=carried
    )


# -- joined --------------------------------------------------------------------------------------------


def join_part(store: Store, file: PartFile, *, operator: Operator) -> Session:
    """Open the part as a session of this station, with the same list and rules, and return it.

    A join that a crash cut short is finished. Raises PartKindError, PartExistsError, StoreError.
    """
    here = store.station.split("/", 1)[0].removeprefix("proctor.")
    theirs = station_of(file.key.name).split("/", 1)[0].removeprefix("proctor.")
    if not here == theirs == file.body["root_kind"]:
        raise PartKindError(found=theirs, here=here)
    name = file.session_id
    opened = store.entries("open", name)
    other = bool(opened) and opened[0].body["roster_hash"] != file.body["roster_hash"]
    if other or store.entries("split", name) or station_of(file.key.name) == store.station:
        raise PartExistsError(session=name)
    if not opened:
        body = {"session": name, **file.body, "part": file.part.as_body()}
        store.append("open", body, {"roster": file.roster, "rules": file.rules}, operator=operator)
    done = {kind: len(store.entries(kind, name)) for kind in CARRIED}
    for kind, fields in file.carried:
        if done[kind]:  # a join that was cut short had come this far
            done[kind] -= 1
            continue
        store.append(kind, {**fields, "session": name, "carried": 1}, operator=operator)
    body = {
        "session": name,
        "group": file.part.group,
        "number": file.part.number,
        "roster_hash": file.body["roster_hash"],
        **file.assignment.as_body(),
    }
    store.append("split", body, operator=operator)
    return load_session(store, name)


def _message(data: bytes) -> bytes:
    """Return what the station signs; no note, pack or seal begins so."""
    return FORM.encode() + b"\n" + hashlib.sha256(data).digest()


def _unbase64(text: Any) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        raise PartFileError(why="base64") from None


def _unhex(text: Any) -> bytes:
    try:
        return bytes.fromhex(str(text))
    except ValueError:
        raise PartFileError(why="form") from None


def _dump(fields: Mapping[str, Any]) -> bytes:
    return json.dumps({"form": FORM, **fields}, indent=1).encode() + b"\n"
