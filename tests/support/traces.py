"""What a disk still tells: every page and frame decrypted with the raw key, free ones too, and every key that opens.

The reader of pages is the tests' own (AES-256-CBC, 4,096-byte pages with 80 reserved bytes), so that what the product
calls gone is looked for without the product.
"""

from __future__ import annotations

import hashlib
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlcipher3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PAGE = 4096
WINDOW = 24
FRAME = 24


def plain_pages(path: Path, key: bytes) -> Iterator[bytes]:
    """Yield every page of a database in the clear, those of the freelist included."""
    data = path.read_bytes()
    for start in range(0, len(data), PAGE):
        yield _plain(data[start : start + PAGE], key, first=start == 0)


def plain_frames(path: Path, key: bytes) -> Iterator[bytes]:
    """Yield every frame of a write-ahead log in the clear, left-over ones included."""
    data = path.read_bytes() if path.exists() else b""
    for start in range(32, len(data) - FRAME - PAGE + 1, FRAME + PAGE):
        number = struct.unpack(">I", data[start : start + 4])[0]
        yield _plain(data[start + FRAME : start + FRAME + PAGE], key, first=number == 1)


def _plain(page: bytes, key: bytes, *, first: bool) -> bytes:
    content, iv = page[16 if first else 0 : PAGE - 80], page[PAGE - 80 : PAGE - 64]
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(content) + decryptor.finalize()


def plain_bytes(database: Path, key: bytes) -> bytes:
    """Return everything that file and write-ahead log hold, in the clear, and the files beside them as they are."""
    found = list(plain_pages(database, key)) + list(plain_frames(Path(f"{database}-wal"), key))
    beside = [path for name in ("keys", "pending") for path in sorted((database.parent / name).glob("*"))]
    return b"\n".join([*found, *(path.read_bytes() for path in beside if path.is_file())])


def slot_keys(path: Path, evidence_key: bytes, station: str) -> list[bytes]:
    """Return every key that the key file still opens to."""
    data, box, found = path.read_bytes(), AESGCM(evidence_key), []
    for number, start in enumerate(range(64, len(data), 64)):
        slot = data[start : start + 64]
        try:
            aad = f"proctor evidence slot 2\n{station}\n{number}\n".encode()
            found.append(box.decrypt(slot[:12], slot[12:60], aad))
        except InvalidTag:
            continue
    return found


def opened_evidence(database: Path, key: bytes, evidence_key: bytes, station: str) -> bytes:
    """Return the plaintext of every piece that any key of the key file, or a wrapped key, still opens."""
    conn = sqlcipher3.connect(str(database))
    conn.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    keys = {
        hashlib.sha256(b"proctor evidence key 2\n" + each).hexdigest(): each
        for each in slot_keys(database.parent / "keys" / "evidence.slots", evidence_key, station)
    }
    sql = (
        "SELECT e.name, e.ciphertext, json_extract(CAST(b.body AS TEXT), '$.evidence_keys'), k.wrapped FROM evidence e "
        "JOIN entries b ON b.seq = e.seq LEFT JOIN evidence_keys k ON k.seq = e.seq"
    )
    found = []
    for name, ciphertext, commitments, wrapped in conn.execute(sql).fetchall():
        ours = [one for digest, one in keys.items() if commitments and digest in commitments]
        found += [_try(each, ciphertext, f"proctor evidence 2\n{station}\n{name}\n") for each in ours]
        if wrapped:
            one = _try(evidence_key, wrapped, f"proctor evidence key 1\n{station}\n")
            found.append(_try(one, ciphertext, f"proctor evidence 1\n{station}\n{name}\n") if one else b"")
    conn.close()
    return b"\n".join(found)


def _try(key: bytes, sealed: bytes | None, aad: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], aad.encode()) if sealed else b""
    except InvalidTag:
        return b""


def windows(data: bytes, step: int = 97) -> list[bytes]:
    """Return short pieces of some bytes, close enough together that any page that holds a part of them holds one."""
    return [data[start : start + WINDOW] for start in range(0, max(1, len(data) - WINDOW), step)]


def seen(haystack: bytes, needles: Iterable[bytes]) -> int:
    """Return how many of the needles are in the haystack."""
    return sum(needle in haystack for needle in needles)


def spellings(name: str) -> list[bytes]:
    """Return a name as it may have been written: NFC and NFD, upper and lower case, as UTF-8, UTF-16 and JSON."""
    forms = [
        change(unicodedata.normalize(form, name))
        for form in ("NFC", "NFD")
        for change in (str, str.upper, str.lower, str.title)
    ]
    escaped = [form.encode("ascii", "backslashreplace") for form in forms]
    return [text for form in forms for text in (form.encode(), form.encode("utf-16-le"))] + escaped
