"""`proctor log evidence`: a person looks at what was kept of an entry, and the log says who looked.

Templates are numbers that show nobody anything: they are not written out.
"""

from pathlib import Path

from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.errors import CommandError
from proctor.face_gallery import PIECE
from proctor.files import require_folder
from sessions.errors import EvidenceMissingError
from sessions.files import write_private
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
        entry = opened.store.entry(options.entry)
        names = sorted(entry.body.get("evidence", {}))
        if not names:
            raise EvidenceMissingError(seq=options.entry)
        folder = require_folder(Path(options.out))
        body = {"what": f"evidence {options.entry}", "reason": options.reason}
        body |= {name: entry.body[name] for name in ("session", "sbd") if name in entry.body}
        receipt = opened.store.append("view", body, operator=operator)
        written, erased = [], []
        for name in (name for name in names if name != PIECE):
            try:
                data = opened.store.evidence(options.entry, name)
            except EvidenceMissingError:
                erased.append(name)
                continue
            path = folder / f"{options.entry}-{name}{_suffix(data)}"
            _write(path, data)
            written.append(str(path))
    lines = (*written, *(context.texts.say("result.evidence-erased", name=name) for name in erased))
    kept = [name for name in names if name == PIECE]
    lines += tuple(context.texts.say("result.evidence-in-store", name=name) for name in kept)
    data_out = {"ok": True, "files": written, "erased": erased, "kept": kept, "view_entry": receipt.seq}
    context.result(data_out, lines)
    return 0


def _suffix(data: bytes) -> str:
    return next((suffix for start, suffix in _SUFFIXES if data.startswith(start)), ".bin")


def _write(path: Path, data: bytes) -> None:
    try:
        write_private(path, data)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
