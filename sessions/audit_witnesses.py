"""The part of verification that checks witnesses' cosignatures under the keys that this machine has of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sessions.audit_rows import rows
from sessions.cosignature import CosignerKey, parse_line, verify_line
from sessions.errors import NoteFormatError, NoteSignatureError
from sessions.finding import Findings

_LINES: Final = (
    "SELECT size, line, (SELECT note FROM checkpoints c WHERE c.size = cosignatures.size) "
    "FROM cosignatures ORDER BY size DESC"
)


def cosigned(
    connection: Any, findings: Findings, witnesses: Sequence[CosignerKey], *, full: bool
) -> Mapping[str, int]:
    """Return the largest size that each known witness cosigned; report lines that are wrong or of nobody known.

    Without `full` only the newest line of each witness is checked.
    """
    known = {(key.name, key.key_hash): key for key in witnesses}
    strangers: Counter[str] = Counter()
    newest: dict[str, int] = {}
    for size, line, note in rows(connection, findings, _LINES, (int, str)):
        try:
            signature = parse_line(line)
            if type(note) is not str:
                raise NoteFormatError(why="size")
            key = known.get((signature.name, signature.key_hash))
            if key is None:
                strangers[signature.name[:64]] += 1
            elif not full and key.name in newest:
                findings.skip("cosignatures")
            else:
                verify_line(line, note.partition("\n\n")[0] + "\n", key)
                newest.setdefault(key.name, size)
        except (NoteFormatError, NoteSignatureError) as error:
            why = str(error.facts.get("why", "signature"))
            findings.add("log-altered-cosignature", seq=max(size - 1, 0), why=why)
    for name, count in sorted(strangers.items()):
        findings.add("witness-unpinned", witness=name, count=count)
    return newest
