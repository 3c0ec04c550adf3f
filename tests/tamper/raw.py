"""Changes of the files byte by byte: the database, its write-ahead log, the key file."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from sessions.engine import DatabaseError, connect
from sessions.evidence_keys import SLOT_BYTES
from sessions.selection import Piece
from tests.tamper.subject import Subject, another

PAGE: Final = 4096
FRAME: Final = 24 + PAGE
WAL_HEADER: Final = 32
DB, WAL, KEYS = "station.db", "station.db-wal", "keys/evidence.slots"

Bytes = Callable[[bytes, random.Random], tuple[bytes, str] | None]
Mutate = Callable[[Subject, Path, random.Random], str | None]


def flip(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """One byte is another."""
    return another(rng, data)


def flip_many(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """A run of bytes is another."""
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.randrange(1, 600))
    return data[:start] + bytes(byte ^ 0x5A for byte in data[start:end]) + data[
        end:
    ], f"bytes {start} to {end}"


def remove(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Some bytes are gone and the rest moves up."""
    start = rng.randrange(len(data) - 1)
    end = min(len(data), start + rng.choice((1, 1, 16, 512, PAGE)))
    return data[:start] + data[end:], f"bytes {start} to {end}"


def insert(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Some bytes come in between."""
    place, count = rng.randrange(len(data)), rng.choice((1, 1, 16, 512, PAGE))
    return data[:place] + rng.randbytes(count) + data[place:], f"{count} bytes at {place}"


def swap_bytes(data: bytes, rng: random.Random) -> tuple[bytes, str] | None:
    """Two bytes exchange their places."""
    one, two = sorted(rng.sample(range(len(data)), 2))
    if data[one] == data[two]:
        return None
    new = bytearray(data)
    new[one], new[two] = new[two], new[one]
    return bytes(new), f"bytes {one} and {two}"


def _pieces(size: int, start: int = 0) -> Callable[[bytes], list[bytes]]:
    return lambda data: [data[at : at + size] for at in range(start, len(data), size)]


def swap_pages(data: bytes, rng: random.Random) -> tuple[bytes, str] | None:
    """Two pages exchange their places."""
    pages = _pieces(PAGE)(data)
    one, two = rng.sample(range(len(pages)), 2)
    if pages[one] == pages[two]:
        return None
    pages[one], pages[two] = pages[two], pages[one]
    return b"".join(pages), f"pages {one + 1} and {two + 1}"


def repeat_page(data: bytes, rng: random.Random) -> tuple[bytes, str] | None:
    """One page stands in the place of another, or once more at the end."""
    pages = _pieces(PAGE)(data)
    one, two = rng.sample(range(len(pages)), 2)
    if rng.random() < 0.3:
        return data + pages[one], f"page {one + 1} at the end"
    if pages[one] == pages[two]:
        return None
    pages[two] = pages[one]
    return b"".join(pages), f"page {one + 1} over {two + 1}"


def blank_page(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """One page is zeros."""
    at = rng.randrange(len(data) // PAGE) * PAGE
    return data[:at] + bytes(PAGE) + data[at + PAGE :], f"page {at // PAGE + 1}"


def cut_anywhere(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """The end is missing, not at the border of a page."""
    size = rng.randrange(1, len(data))
    size -= size % PAGE == 0
    return data[:size], f"at {size}"


def cut_pages(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """The last pages are missing."""
    pages = rng.randrange(1, len(data) // PAGE)
    return data[: pages * PAGE], f"after page {pages}"


def append_junk(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """There is more at the end."""
    count = rng.choice((1, 100, PAGE, 3 * PAGE))
    return data + rng.randbytes(count), f"{count} bytes"


DATABASE_CHANGES: Final[Mapping[str, Bytes]] = {
    "flip a byte": flip,
    "change a run of bytes": flip_many,
    "remove bytes": remove,
    "insert bytes": insert,
    "swap bytes": swap_bytes,
    "swap pages": swap_pages,
    "duplicate a page": repeat_page,
    "blank a page": blank_page,
    "cut within a page": cut_anywhere,
    "cut pages off": cut_pages,
    "append bytes": append_junk,
}


def yesterdays_pages(*, in_use: bool) -> Mutate:
    """Return a mutation: some pages are those of yesterday, good ones under the same key.

    `in_use`: what SQLite reads has changed, cosignatures aside, which nothing in the log counts, and is not yesterday's
    log as a whole. Otherwise the page is a free one, whose content nobody reads.
    """

    def mutate(subject: Subject, root: Path, rng: random.Random) -> str | None:
        old, today = subject.yesterday.contents[DB], (root / DB).read_bytes()
        places = range(0, min(len(old), len(today)), PAGE)
        pages = [at for at in places if old[at : at + PAGE] != today[at : at + PAGE]]
        chosen = rng.sample(pages, rng.randint(1, max(1, len(pages) - 1)) if in_use else 1)
        before, new = _read_all(subject, root), bytearray(today)
        (root / DB).write_bytes(old)
        whole = _read_all(subject, root)
        for at in chosen:
            new[at : at + PAGE] = old[at : at + PAGE]
        (root / DB).write_bytes(bytes(new))
        after = _read_all(subject, root)
        if in_use and _core(after) in {_core(before), _core(whole)}:
            return None
        if not in_use and after != before:
            return None
        return f"pages {[at // PAGE + 1 for at in chosen][:5]}"

    return mutate


def _read_all(subject: Subject, root: Path) -> dict[str, str] | None:
    """Return the rows of each table, and what SQLite's own check says; None where it cannot read them."""
    connection = connect(root / DB, subject.bench.bundle.database_key, read_only=True).conn
    try:
        execute = connection.execute
        names = [
            name for (name,) in execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        ]
        found = {name: repr(execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()) for name in names}  # noqa: S608
        return found | {"": repr(execute("PRAGMA integrity_check").fetchall())}
    except DatabaseError:
        return None
    finally:
        connection.close()


def _core(found: dict[str, str] | None) -> str:
    """Return what was read, cosignatures left out."""
    return repr(found and {name: rows for name, rows in found.items() if name != "cosignatures"})


# -- the write-ahead log ---------------------------------------------------------------------------------


def _frames(data: bytes) -> list[bytes]:
    return _pieces(FRAME, WAL_HEADER)(data)


def swap_frames(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Two frames exchange their places."""
    frames = _frames(data)
    one, two = rng.sample(range(len(frames)), 2)
    frames[one], frames[two] = frames[two], frames[one]
    return data[:WAL_HEADER] + b"".join(frames), f"frames {one + 1} and {two + 1}"


def remove_frame(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """One frame is gone, not the last."""
    frames = _frames(data)
    at = rng.randrange(len(frames) - 1)
    del frames[at]
    return data[:WAL_HEADER] + b"".join(frames), f"frame {at + 1}"


def repeat_frame(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """A frame stands there twice."""
    frames = _frames(data)
    one, at = rng.randrange(len(frames)), rng.randrange(len(frames) + 1)
    frames.insert(at, frames[one])
    return data[:WAL_HEADER] + b"".join(frames), f"frame {one + 1} again as {at + 1}"


def append_frame(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """There is a whole made-up frame more at the end."""
    return data + rng.randbytes(FRAME), "a frame"


def disown_frames(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """The last frames bear other salts, as if they were left over of an earlier time."""
    frames = _frames(data)
    start, mask = rng.randrange(len(frames)), rng.randbytes(8)
    if rng.random() < 0.5:  # the salt before: SQLite counts it up
        one = (int.from_bytes(data[16:20], "big") - 1) % 2**32
        mask = bytes(a ^ b for a, b in zip(one.to_bytes(4, "big"), data[16:20], strict=True)) + mask[4:]
    for at in range(start, len(frames)):
        salts = bytes(a ^ b for a, b in zip(frames[at][8:16], mask, strict=True))
        frames[at] = frames[at][:8] + salts + frames[at][16:]
    return data[:WAL_HEADER] + b"".join(frames), f"frames from {start + 1}"


WAL_CHANGES: Final[Mapping[str, Bytes]] = {
    "flip a byte": flip,
    "change a run of bytes": flip_many,
    "swap bytes": swap_bytes,
    "swap frames": swap_frames,
    "remove a frame": remove_frame,
    "duplicate a frame": repeat_frame,
    "append a made-up frame": append_frame,
    "change the salts of the last frames": disown_frames,
}


def _commits(data: bytes) -> list[int]:
    """The frames that end a commit; the last one's is that of the last cosignature."""
    return [at for at, frame in enumerate(_frames(data)) if frame[4:8] != bytes(4)]


def cut_last_commit(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """The last commit is missing: that of a cosignature, which no entry knows of."""
    commits = _commits(data)
    keep = rng.randrange(commits[-2] + 1, commits[-1] + 1)
    return data[: WAL_HEADER + keep * FRAME], f"after frame {keep}"


def cut_commits(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """The last frames are missing, at least one entry's commit among them; what is left may end within a frame."""
    keep = rng.randrange(_commits(data)[-2] + 1)
    size = WAL_HEADER + keep * FRAME + rng.choice((0, rng.randrange(FRAME)))
    return data[:size], f"after frame {keep}"


def append_bit(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """There are fewer bytes more than a frame has: what a crash leaves, too."""
    count = rng.randrange(1, FRAME)
    return data + rng.randbytes(count), f"{count} bytes"


# -- the key file ----------------------------------------------------------------------------------------


def used_slots(subject: Subject) -> list[int]:
    """The slots that a piece uses which was not erased."""
    with subject.bench.open() as store:
        found = []
        for entry in store.entries():
            names = sorted(entry.body.get("evidence", {}))
            for at, name in enumerate(names):
                if "evidence_slot" in entry.body and Piece(seq=entry.seq, name=name) not in subject.erased:
                    found.append(entry.body["evidence_slot"] + at)
    return found


def key_changes(used: list[int]) -> dict[str, Bytes]:
    """Changes of the slots in use, of the header, and of how long the file is."""

    def start(slot: int) -> int:
        return (slot + 1) * SLOT_BYTES

    def in_use(data: bytes, rng: random.Random) -> tuple[bytes, str]:
        at = start(rng.choice(used))
        return another(rng, data, at, at + SLOT_BYTES)

    def header(data: bytes, rng: random.Random) -> tuple[bytes, str]:
        return another(rng, data, 0, SLOT_BYTES)

    def blank(data: bytes, rng: random.Random) -> tuple[bytes, str]:
        slot = rng.choice(used)
        return data[: start(slot)] + bytes(SLOT_BYTES) + data[start(slot + 1) :], f"slot {slot}"

    def swap(data: bytes, rng: random.Random) -> tuple[bytes, str]:
        one, two = sorted(rng.sample(used, 2))
        new = bytearray(data)
        new[start(one) : start(one + 1)] = data[start(two) : start(two + 1)]
        new[start(two) : start(two + 1)] = data[start(one) : start(one + 1)]
        return bytes(new), f"slots {one} and {two}"

    def repeat(data: bytes, rng: random.Random) -> tuple[bytes, str]:
        one, two = rng.sample(used, 2)
        return data[: start(two)] + data[start(one) : start(one + 1)] + data[
            start(two + 1) :
        ], f"{one} over {two}"

    def cut(data: bytes, rng: random.Random) -> tuple[bytes, str]:
        size = rng.randrange(start(max(used) + 1))
        return data[:size], f"at {size}"

    def move(data: bytes, rng: random.Random) -> tuple[bytes, str]:
        place, count = rng.randrange(start(max(used))), rng.choice((1, 16, SLOT_BYTES))
        return data[:place] + rng.randbytes(count) + data[place:], f"{count} bytes at {place}"

    return {
        "flip a byte of a used slot": in_use,
        "flip a byte of the header": header,
        "destroy a used slot": blank,
        "swap used slots": swap,
        "duplicate a used slot": repeat,
        "cut used slots off": cut,
        "insert bytes before used slots": move,
    }


def flip_unused_slot(used: list[int]) -> Bytes:
    """A slot that no entry names yet: the station fills it anew before it uses it."""

    def mutate(data: bytes, rng: random.Random) -> tuple[bytes, str]:
        return another(rng, data, (max(used) + 2) * SLOT_BYTES)

    return mutate


def apply_to(name: str, change: Bytes) -> Mutate:
    """Return a mutation of one file of a directory."""

    def mutate(_subject: Subject, root: Path, rng: random.Random) -> str | None:
        data = (root / name).read_bytes()
        made = change(data, rng)
        if made is None or made[0] == data:
            return None
        (root / name).write_bytes(made[0])
        return made[1]

    return mutate


def remove_file(name: str) -> Mutate:
    """Return a mutation that takes a file away."""

    def mutate(_subject: Subject, root: Path, _rng: random.Random) -> str:
        (root / name).unlink()
        return name

    return mutate
