"""The pages of a SQLCipher 4 file, checked without opening it as a database.

Each 4,096-byte page ends in a 16-byte IV and an HMAC-SHA512 over content, IV and page number; the file begins
with a 16-byte salt from which the HMAC's key is derived. The content key is the raw key itself, so a page can
be decrypted even when the salt was altered: that tells an altered file from another key.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sessions.errors import StoreIoError, StoreUnreadableError

PAGE: Final = 4096
_SALT: Final = 16
_IV: Final = 16
_MAC: Final = 64
_LOCK_PAGE: Final = 0x40000000 // PAGE + 1
"""SQLite never writes the page at 1 GiB: it is where locks live."""
_HEADER: Final = bytes.fromhex("1000020250402020")
"""Bytes 16–23 of our first page: page size, WAL, WAL, 80 bytes reserved, and three constants."""
_SAMPLE: Final = 64
_PAGE_TYPES: Final = frozenset({2, 5, 10, 13})


def hmac_key(salt: bytes, key: bytes) -> bytes:
    """Return the key of the page HMACs: PBKDF2-HMAC-SHA512, 2 rounds, salt xor 0x3a."""
    return hashlib.pbkdf2_hmac("sha512", key, bytes(byte ^ 0x3A for byte in salt), 2, 32)


def page_intact(content: bytes, number: int, mac_key: bytes) -> bool:
    """Whether a page's HMAC is right; `content` is without the salt on page 1."""
    mac = hmac.digest(mac_key, content[:-_MAC] + struct.pack("<I", number), "sha512")
    return hmac.compare_digest(mac, content[-_MAC:])


def bad_pages(path: Path, key: bytes) -> tuple[int, ...]:
    """Return the numbers (from 1) of altered pages, () for an intact file.

    Raises StoreUnreadableError (facts why="key") when nothing in the file was written under this key, and
    (why="no-file", "empty") when there is nothing to read.
    """
    try:
        return _scan(path, key)
    except FileNotFoundError:
        raise StoreUnreadableError(why="no-file") from None
    except OSError:
        raise StoreIoError(why="read") from None


def _scan(path: Path, key: bytes) -> tuple[int, ...]:
    size = path.stat().st_size
    if size < PAGE:
        raise StoreUnreadableError(why="empty")
    with path.open("rb") as stream:
        mac_key = hmac_key(stream.read(_SALT), key)
    bad = [number for number, content in _contents(path) if not _intact(content, number, mac_key)]
    if len(bad) == -(-size // PAGE) and not _key_fits(path, key):
        raise StoreUnreadableError(why="key")
    return tuple(bad)


def _intact(content: bytes, number: int, mac_key: bytes) -> bool:
    if number == _LOCK_PAGE:
        return not any(content)
    return len(content) > _IV + _MAC and page_intact(content, number, mac_key)


def _contents(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (number, content) of every page, the last one perhaps short; page 1 without the salt."""
    with path.open("rb") as stream:
        number = 1
        while page := stream.read(PAGE):
            short = len(page) < PAGE
            yield number, b"" if short else page[_SALT if number == 1 else 0 :]
            number += 1


def _key_fits(path: Path, key: bytes) -> bool:
    """Whether the first page, or two of the next ones, decrypt to what pages of a database look like."""
    plausible = 0
    for number, content in islice(_contents(path), _SAMPLE):
        if len(content) <= _IV + _MAC:
            continue
        start = _decrypt(content, key)
        if number == 1 and start[:8] == _HEADER:
            return True
        plausible += number > 1 and _looks_like_page(start)
    return plausible >= 2


def _decrypt(content: bytes, key: bytes) -> bytes:
    """Return the first 16 bytes of a page in the clear."""
    end = len(content) - _MAC
    cipher = Cipher(algorithms.AES(key), modes.CBC(content[end - _IV : end]))
    return cipher.decryptor().update(content[:16])


def _looks_like_page(start: bytes) -> bool:
    """Whether a b-tree page's header is plausible: type, cells, and where its content begins."""
    cells, content = struct.unpack(">HH", start[3:7])
    return start[0] in _PAGE_TYPES and start[7] <= 60 and cells < 1024 and 8 <= content <= PAGE - 80
