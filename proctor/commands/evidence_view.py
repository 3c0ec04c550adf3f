"""`proctor log evidence`: a person looks at what was kept of an entry, and the log says who looked.

Templates are numbers that show nobody anything: they are not written out.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.errors import CommandError
from proctor.face_gallery import PIECE
from proctor.files import require_folder
from proctor.roots import OpenRoot
from sessions.errors import EvidenceMissingError
from sessions.files import write_private
from sessions.record import Operator
from sessions.roles import require_may

_SUFFIXES = (
    (b"\xff\xd8", ".jpg"),
    (b"\x00\x00\x00\x0cjP", ".jp2"),
    (b"\xff\x4f\xff\x51", ".j2k"),
    (b"{", ".json"),
)


def view(context: Context) -> int:
    """Write the evidence of one entry to files, but for templates; the view entry is committed first."""
    options = context.options
    with open_for(context, training=options.training, login=True) as opened:
        operator = require_may(opened.require_login().operator, "view")
        folder = require_folder(Path(options.out))
        looked = look_at(opened, options.entry, reason=options.reason, operator=operator)
        written = []
        for name, data in looked.pieces.items():
            path = folder / f"{options.entry}-{name}{_suffix(data)}"
            _write(path, data)
            written.append(str(path))
    erased, names = list(looked.erased), looked.names
    lines = (*written, *(context.texts.say("result.evidence-erased", name=name) for name in erased))
    kept = [name for name in names if name == PIECE]
    lines += tuple(context.texts.say("result.evidence-in-store", name=name) for name in kept)
    data_out = {"ok": True, "files": written, "erased": erased, "kept": kept, "view_entry": looked.entry}
    context.result(data_out, lines)
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What somebody looked at: pieces of one entry by name, those erased, all names; `entry` says who looked."""

    pieces: Mapping[str, bytes] = field(repr=False)
    erased: tuple[str, ...]
    names: tuple[str, ...]
    entry: int


def look_at(
    opened: OpenRoot, seq: int, *, reason: str, operator: Operator, only: Collection[str] | None = None
) -> Looked:
    """Return the evidence of one entry, but for templates; the view entry is committed first.

    `only`: these pieces. Raises EvidenceMissingError where there are none.
    """
    entry = opened.store.entry(seq)
    names = tuple(sorted(entry.body.get("evidence", {})))
    wanted = [name for name in names if name != PIECE and (only is None or name in only)]
    if not names or (only is not None and not wanted):
        raise EvidenceMissingError(seq=seq)
    body = {"what": f"evidence {seq}", "reason": reason}
    body |= {name: entry.body[name] for name in ("session", "sbd") if name in entry.body}
    receipt = opened.store.append("view", body, operator=operator)
    pieces, erased = {}, []
    for name in wanted:
        try:
            pieces[name] = opened.store.evidence(seq, name)
        except EvidenceMissingError:
            erased.append(name)
    return Looked(pieces=pieces, erased=tuple(erased), names=names, entry=receipt.seq)


def _suffix(data: bytes) -> str:
    return next((suffix for start, suffix in _SUFFIXES if data.startswith(start)), ".bin")


def _write(path: Path, data: bytes) -> None:
    try:
        write_private(path, data)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
