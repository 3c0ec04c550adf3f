"""A second reader of packs, by docs/pack-format.md alone: the standard library, Ed25519 and HPKE; nothing of ours.

    python tests/second_pack_reader.py FILE VKEY

It shows that the document suffices. Of the rules of entries it has those that a department relies on: kinds, second
persons, schema 1, erasures, the session's course; the fields of each kind are left to the log's own second verifier.
Exit status 0 when everything proves, else a message and 1.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KINDS_1 = {"key", "open", "attempt", "print"}
KINDS = KINDS_1 | {
    "begin",
    "close",
    "override",
    "correction",
    "incident",
    "result",
    "spot-check",
    "exit",
    "re-entry",
}
KINDS |= {"clock", "export", "view", "roster", "shred", "hold", "epoch"}
DAY = {"start", "pause", "resume", "component", "allocation", "draw", "manual", "consent", "split", "merge"}
KINDS |= DAY | {"self-test", "decision", "prior", "presence", "rules-confirmed"}
KINDS |= {"camera", "print-job", "sheet-signature", "sheet-timestamp"}
OF_ONE = {"station-key", "user-added", "password-changed", "schema-migrated", "tpm-counter"}
OF_ONE |= {"crl-rolled-back", "crl-unlisted", "user-key", "user-totp", "login-refused"}
OF_TWO = {"override", "decision", "manual", "correction", "roster", "shred", "hold", "epoch"}
BEFORE_CLOSE = DAY | {"begin", "attempt", "roster", "spot-check", "exit", "re-entry"}
FIXED = ["checkpoints", "entries", "proof", "pack-key", "keys"]


class RefusedError(Exception):
    """The pack is not accepted."""


def need(condition: object, why: str) -> None:
    if not condition:
        raise RefusedError(why)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def parse_vkey(text: str) -> tuple[str, bytes]:
    name, digest, packed = text.split("+", 2)
    data = base64.b64decode(packed, validate=True)
    need(data[0] == 1 and len(data) == 33, "vkey")
    need(sha(name.encode() + b"\n" + data)[:4].hex() == digest, "vkey hash")
    return name, data[1:]


def verify(public: bytes, signature: bytes, message: bytes, why: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        raise RefusedError(why) from None


def open_container(data: bytes) -> tuple[dict, bytes, bytes, dict[str, bytes]]:
    """Return manifest, its bytes, its signature, members."""
    need(data[:12] == b"PROCTOR PACK" and len(data) >= 20, "header")
    version, length = struct.unpack(">II", data[12:20])
    need(version == 1 and 0 < length <= 1 << 24, "version")
    raw, signature, place = data[20 : 20 + length], data[20 + length : 84 + length], 84 + length
    manifest = json.loads(raw)
    again = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    need(again == raw, "manifest is not canonical")
    wanted = {"form", "origin", "session", "first", "last", "size", "root", "recipient", "vkey", "members"}
    need(set(manifest) == wanted and manifest["form"] == "proctor pack 1", "manifest fields")
    members: dict[str, bytes] = {}
    for row in manifest["members"]:
        content = data[place : place + row["size"]]
        place += row["size"]
        need(len(content) == row["size"] and sha(content).hex() == row["sha256"], f"member {row['name']}")
        need(row["name"] not in members, "member twice")
        members[row["name"]] = content
    need(place == len(data), "length of the file")
    need(list(members)[:5] == FIXED, "order of members")
    return manifest, raw, signature, members


def frames(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    place, before = 0, -1
    while place < len(data):
        seq, length = struct.unpack_from(">QI", data, place)
        need(seq > before and 64 <= length <= 262_144, "entries")
        found[seq] = data[place + 12 : place + 12 + length]
        need(len(found[seq]) == length, "entries")
        place, before = place + 12 + length, seq
    return found


def notes(data: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    place, before = 0, 0
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        note = data[place + 4 : place + 4 + length].decode()
        size = int(note.split("\n")[1])
        need(size > before, "checkpoints")
        found[size] = note
        place, before = place + 4 + length, size
    return found


class Keys:
    """Which key signs at which size: entry 0, rotations, epochs."""

    def __init__(self, entries: dict[int, bytes]) -> None:
        self.line: list[tuple[int, str]] = []
        for seq, body in entries.items():
            fields = json.loads(body)
            if fields["kind"] == "epoch" or fields.get("event") == "station-key":
                self.line.append((seq + 1, fields["vkey"]))
            elif fields.get("event") == "station-key-rotated":
                self.line.append((seq + 2, fields["vkey"]))

    def at(self, size: int) -> str:
        return [vkey for first, vkey in self.line if first <= size][-1]


def head_of(note: str, vkey: str) -> bytes:
    """Return the root of a checkpoint that this key signed."""
    name, public = parse_vkey(vkey)
    text, _, tail = note.rpartition("\n\n")
    need(text.split("\n")[0] == name, "origin of a checkpoint")
    own = sha(name.encode() + b"\n\x01" + public)[:4]
    for line in tail.rstrip("\n").split("\n"):
        dash, signer, blob = line.split(" ")
        data = base64.b64decode(blob, validate=True)
        if dash == "\u2014" and signer == name and data[:4] == own:
            verify(public, data[4:], text.encode() + b"\n", "signature of a checkpoint")
            return base64.b64decode(text.split("\n")[2])
    raise RefusedError("checkpoint without the station's line")


def walk(entries: dict[int, bytes], roots: dict[int, bytes], proof: list[bytes]) -> None:
    edge: list[tuple[int, bytes]] = []
    place = 0

    def push(level: int, digest: bytes) -> None:
        nonlocal place
        index = place >> level
        place += 1 << level
        while index & 1:
            digest = sha(b"\x01" + edge.pop()[1] + digest)
            level, index = level + 1, index >> 1
        edge.append((level, digest))

    for number in sorted({*entries, *roots}):
        while place < number:
            level = (number - place).bit_length() - 1
            if place:
                level = min(level, (place & -place).bit_length() - 1)
            need(proof, "proof is short")
            push(level, proof.pop(0))
        if number in roots and edge:
            root = edge[-1][1]
            for _, left in reversed(edge[:-1]):
                root = sha(b"\x01" + left + root)
            need(root == roots[number], f"root at size {number}")
        if number in entries:
            push(0, sha(b"\x00" + entries[number]))
    need(not proof, "proof is long")


def read(data: bytes, pinned: str) -> tuple[dict, dict[int, bytes], dict[str, bytes]]:
    """Return manifest, entries and members of a pack of the station whose first key is pinned. Raises RefusedError."""
    manifest, raw, signature, members = open_container(data)
    entries, signed = frames(members["entries"]), notes(members["checkpoints"])
    keys = Keys(entries)
    need(keys.line[0] == (1, pinned), "not the pinned station")
    size, first, last = manifest["size"], manifest["first"], manifest["last"]
    verify(
        parse_vkey(keys.at(size + 1))[1], signature, b"proctor pack 1\n" + sha(raw), "manifest's signature"
    )
    need(manifest["vkey"] == keys.at(size + 1), "manifest's key")
    need(set(range(first, last + 1)) <= set(entries), "an entry is missing")
    starts = {seq for seq in entries if seq and seq - 1 not in entries}
    need({seq + 1 for seq in entries} | starts | {size} <= set(signed), "a checkpoint is missing")
    roots = {each: head_of(note, keys.at(each)) for each, note in signed.items()}
    need(max(roots) == size and roots[size].hex() == manifest["root"], "tree head")
    hashes = members["proof"]
    walk(entries, roots, [hashes[at : at + 32] for at in range(0, len(hashes), 32)])
    bodies = {seq: json.loads(body) for seq, body in entries.items()}
    require_forms(bodies)
    require_signatures(bodies)
    require_course({seq: body for seq, body in bodies.items() if first <= seq <= last}, manifest["session"])
    require_sheets(bodies, manifest, roots)
    need(
        evidence_of(entries, manifest)
        == {name: sha(content).hex() for name, content in members.items() if name.startswith("evidence/")},
        "evidence",
    )
    return manifest, entries, members


def require_forms(bodies: dict[int, dict]) -> None:
    """Schema 1 before schema 2 and of its kinds; of schema 2, kinds, second persons, what erasures name."""
    schema, gone = 1, set()
    for seq, body in bodies.items():
        need(body["seq"] == seq and schema <= body["schema"] <= 2, f"schema of {seq}")
        schema, kind = body["schema"], body["kind"]
        need(kind in (KINDS_1 if schema == 1 else KINDS), f"kind of {seq}")
        need(set(body["operator"]) == {"id", "role"}, f"operator of {seq}")
        if schema == 1:
            continue
        if kind in OF_TWO or (kind == "key" and body["event"] not in OF_ONE) or "second" in body:
            second, proofs = body.get("second", {}), {"password", "token", "card-face"}
            if body["origin"].startswith("proctor.training/"):
                proofs.add("training")
            need(second.get("proof") in proofs and second.get("role"), f"second person of {seq}")
            need(second.get("id") not in {None, "", body["operator"]["id"]}, f"second person of {seq}")
        if kind == "shred":
            gone |= require_targets(seq, body, bodies, gone)


def require_signatures(bodies: dict[int, dict]) -> None:
    """Whoever has a key in the log signs what two persons answer for; a nonce is good once."""
    own: dict[str, bytes] = {}
    tokens: dict[str, bytes] = {}
    nonces: set[str] = set()
    for seq, body in bodies.items():
        if body["schema"] == 1:
            continue
        second, event = body.get("second"), body.get("event") if body["kind"] == "key" else None
        wanted = {}
        if second is not None or event in {"user-key", "user-added"}:
            wanted["operator"] = own.get(body["operator"]["id"])
        if second is not None:
            wanted["second"] = own.get(second["id"])
            wanted["token"] = tokens.get(second["id"]) if second["proof"] == "token" else None
        wanted = {part: key for part, key in wanted.items() if key is not None}
        given = body.get("signatures")
        need((given is not None) == bool(wanted), f"signatures of {seq}")
        if given is not None:
            need(set(given) == {"nonce", "size", "root", *wanted}, f"signatures of {seq}")
            need(given["nonce"] not in nonces and given["size"] <= seq, f"signatures of {seq}")
            nonces.add(given["nonce"])
            for part, key in wanted.items():
                verify(key, bytes.fromhex(given[part]), signed_text(body), f"signature of {part} at {seq}")
        keys = tokens if event == "user-token" else own
        if event in {"user-added", "user-enrolled", "user-key", "user-token"} and "vkey" in body:
            keys[body["user"]] = parse_vkey(body["vkey"])[1]


def signed_text(body: dict) -> bytes:
    """What persons sign of an entry."""
    left = {"seq", "at", "monotonic_ms", "boot_id"}
    fields = {name: value for name, value in body.items() if name not in left}
    fields["origin"] = "/".join(body["origin"].split("/")[:2])
    fields["signatures"] = {name: body["signatures"][name] for name in ("nonce", "size", "root")}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return b"proctor entry signature 1\n" + text.encode()


def require_targets(seq: int, body: dict, bodies: dict[int, dict], gone: set) -> set[tuple[int, str]]:
    """Earlier entries, pieces that they have, each once."""
    pieces: list[tuple[int, str]] = []
    for target in body["targets"]:
        need(
            isinstance(target, dict) and target.get("names") and 0 <= target["seq"] < seq, f"targets of {seq}"
        )
        place, names = target["seq"], target["names"]
        need(place not in bodies or set(names) <= set(bodies[place].get("evidence", {})), f"targets of {seq}")
        need(place not in bodies or bodies[place].get("session") == body.get("session"), f"targets of {seq}")
        pieces += [(place, name) for name in names]
    need(len(set(pieces)) == len(pieces) and not gone & set(pieces), f"targets of {seq}")
    return set(pieces)


def by_the_station(body: dict, begun: bool) -> bool:
    """Whether an attempt is one that the station may end by itself."""
    if body["verdict"] != "REFER":
        return False
    if "late" in body:
        return body["reasons"][:1] == ["record-late"] and set(body["late"]) >= {"verdict", "operator"}
    return begun and body["reasons"] == ["attempt-interrupted"]


def require_course(bodies: dict[int, dict], session: str) -> None:
    """What follows what: one open, one close, attempts that begin and end once, names of what was there."""
    begun: dict[str, str] = {}
    ended, there, kinds, parts = set(), set(), [], set()
    for seq, body in bodies.items():
        kind, attempt = body["kind"], body.get("attempt")
        own, new = body.get("session") == session, body["schema"] == 2
        if own:
            need((kind == "open") == (not kinds), f"open at {seq}")
            need(kind != "close" or "close" not in kinds, f"second close at {seq}")
            station = kind == "attempt" and body["operator"]["id"] == "station"
            right = by_the_station(body, attempt in begun) if station else "late" not in body
            need(kind != "attempt" or not new or right, f"attempt by the station at {seq}")
            proof = kind == "manual" and "closes" in body.get("facts", {})
            need(
                "close" not in kinds or kind not in BEFORE_CLOSE or station or proof,
                f"after the close: {seq}",
            )
            if kind == "begin":
                need(attempt not in begun and attempt not in ended, f"begun twice: {seq}")
            if kind == "attempt":
                need(attempt not in ended and begun.get(attempt, session) == session, f"attempt {seq}")
                ended.add(attempt)
            about = kind in {"override", "spot-check", "re-entry"} and "of" in body
            if kind == "merge":
                parts.add("/".join(body["part_origin"].split("/")[:2]))
            taken = kind == "override" and body.get("of_station") in parts
            need(not about or taken or body["of"] in ended, f"of at {seq}")
            need(kind != "correction" or body["corrects"] in there, f"correction {seq}")
            kinds.append(kind)
            there.add(seq)
        if kind == "begin":
            begun.setdefault(attempt, body["session"])


def require_sheets(bodies: dict[int, dict], manifest: dict, roots: dict[int, bytes]) -> None:
    """Tree heads on the session's sheets: as the log stood between opening and print."""
    for seq, body in bodies.items():
        if body["kind"] == "print" and body.get("session") == manifest["session"] and body["schema"] == 2:
            size = body["sheet_size"]
            need(manifest["first"] < size <= seq, f"sheet of {seq}")
            need(size not in roots or roots[size].hex() == body["sheet_root"], f"sheet of {seq}")


def evidence_of(entries: dict[int, bytes], manifest: dict) -> dict[str, str]:
    """Return the members of evidence there must be, with their hashes."""
    bodies = {seq: json.loads(body) for seq, body in entries.items()}
    gone = {
        (target["seq"], name)
        for body in bodies.values()
        if body["kind"] == "shred"
        for target in body["targets"]
        for name in target["names"]
    }
    return {
        f"evidence/{seq}/{name}": digest
        for seq, body in bodies.items()
        if body.get("session") == manifest["session"]
        for name, digest in body.get("evidence", {}).items()
        if (seq, name) not in gone and name != "template"
    }


def unseal(
    manifest: dict, entries: dict[int, bytes], members: dict[str, bytes], private: bytes
) -> dict[str, bytes]:
    """Return every sealed member in the clear, by the department's 32-octet private key."""
    context = "".join(
        f"{manifest[name]}\n" for name in ("origin", "session", "size", "root", "recipient")
    ).encode()
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    info = b"proctor department 1\nproctor pack key 1\n" + context
    station = (
        re.sub(r"/\d+$", "", manifest["origin"]) if manifest["origin"].count("/") > 1 else manifest["origin"]
    )
    try:
        pack_key = suite.decrypt(members["pack-key"], X25519PrivateKey.from_private_bytes(private), info)
        box = members["keys"]
        listed = AESGCM(pack_key).decrypt(box[:12], box[12:], b"proctor pack keys 1\n" + context)
        sealed = [name for name in members if name.startswith(("evidence/", "sheets/"))]
        need(len(listed) == 32 * len(sealed), "number of keys")
        clear = {}
        for at, name in enumerate(sealed):
            kind, seq, *rest = name.split("/")
            body, key = json.loads(entries[int(seq)]), listed[32 * at : 32 * at + 32]
            label = f"evidence {body['schema']}" if kind == "evidence" else "pack sheet 1"
            aad = f"proctor {label}\n{station}\n{rest[0] if rest else seq}\n".encode()
            clear[name] = AESGCM(key).decrypt(members[name][:12], members[name][12:], aad)
            if kind == "sheets":
                need(sha(clear[name]).hex() == body["pdf_sha256"], name)
            elif body["schema"] == 2:
                need(sha(b"proctor evidence key 2\n" + key).hex() == body["evidence_keys"][rest[0]], name)
    except InvalidTag:
        raise RefusedError("does not open") from None
    return clear


def main() -> None:
    try:
        manifest, entries, _ = read(Path(sys.argv[1]).read_bytes(), sys.argv[2])
    except (RefusedError, ValueError, LookupError, struct.error, TypeError) as error:
        sys.exit(f"refused: {error}")
    print(f"{manifest['session']}: {len(entries)} entries proven against size {manifest['size']}")


if __name__ == "__main__":
    main()
