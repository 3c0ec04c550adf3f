"""Erasure from the desk: what goes and what stays, the erasure itself, its proof on paper, and the copies elsewhere."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.errors import CommandError
from proctor.files import require_folder
from proctor.roots import OpenRoot
from proctor.sheets import SheetDesk, WrittenSheet, cosigned_head
from reports.erasure_proof import build_erasure_proof
from reports.errors import ReportsError
from reports.sheet import Sheet
from sessions.reader import Entry
from sessions.record import Second, parse_utc
from sessions.selection import GROUPS, Selection
from sessions.shredding import shred_selection
from sessions.store import Receipt

MAX_SHEET_BYTES = 64 * 1024 * 1024
_SHEETS = frozenset({".pdf", ".xlsx", ".csv"})
_NOBODYS = frozenset({"anchor", "report-model17", "report-pictures"})
"""Exports with nobody's data: tree heads and counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy that left the log before an erasure and that it cannot reach: an export or a printed sheet.

    `entry` is the number of the log entry that tells of it; `file` where a sheet, or a table beside it, still lies in
    the sheets folder.
    """

    entry: int
    what: str
    at: str
    recipient: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """One shred entry that was carried out, and its proof."""

    receipt: Receipt
    proof: WrittenSheet


def names_of(text: str | None) -> frozenset[str] | None:
    """Return the names of pieces for a list of words, "portrait,identity"; None for all. Raises CommandError."""
    if text is None:
        return None
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in GROUPS]
    if unknown or not words:
        raise CommandError("erase-pieces-unknown", usage=True, known=", ".join(GROUPS))
    return frozenset().union(*(GROUPS[word] for word in words))


def erase_selection(
    opened: OpenRoot, selection: Selection, *, scope: str, reason: str, second: Second, folder: Path
) -> tuple[Erased, ...]:
    """Erase what was selected and write a proof for each entry. Raises SessionsError, CommandError.

    Where only the proof could not be written, the error says so, and `write_proof` makes it later.
    """
    require_folder(folder)
    operator = opened.require_login().operator
    receipts = shred_selection(
        opened.store, selection, scope=scope, reason=reason, operator=operator, second=second
    )
    remove_own_packs(opened, selection.session)
    return tuple(prove(opened, receipt, selection.session, folder) for receipt in receipts)


def remove_own_packs(opened: OpenRoot, session_id: str) -> None:
    """Delete the packs of a session that lie in the data folder itself: they hold what was just erased."""
    for path in (opened.root.path / "packs").glob(f"pack-{session_id}-*.pack"):
        path.unlink(missing_ok=True)


def prove(opened: OpenRoot, receipt: Receipt, session_id: str, folder: Path) -> Erased:
    """Write the proof of an erasure that was just carried out. Raises CommandError "erase-proof-unwritten"."""
    try:
        return Erased(receipt=receipt, proof=write_proof(opened, session_id, receipt.seq, folder))
    except (CommandError, ReportsError, OSError):
        raise CommandError("erase-proof-unwritten", entry=receipt.seq, session=session_id) from None


def write_proof(opened: OpenRoot, session_id: str, seq: int, folder: Path) -> WrittenSheet:
    """Write the proof of a shred entry of a session, now or years later, and enter the print.

    Raises CommandError "erase-no-entry", SessionsError, ReportsError.
    """
    head, _ = cosigned_head(opened)
    wished = {"sheet": "erasure", "session": session_id, "sheet_size": head.size, "variant": f"entry={seq}"}
    return SheetDesk.as_printed(opened, wished).write(folder, lambda desk: proof_sheet(desk, seq))


def proof_sheet(desk: SheetDesk, seq: int) -> Sheet:
    """Return the proof of a shred entry of the desk's session. Raises CommandError "erase-no-entry"."""
    opened, session_id = desk.opened, desk.session.session_id
    entry = next((each for each in desk.store.entries("shred", session_id) if each.seq == seq), None)
    if entry is None:
        raise CommandError("erase-no-entry", entry=seq, session=session_id)
    return build_erasure_proof(
        desk.session,
        entry.body,
        before=opened.store.checkpoint(seq),
        after=opened.store.checkpoint(seq + 1),
        texts=desk.texts,
        copies=len(copies_of(opened, session_id, before=seq)),
        at=parse_utc(entry.body["at"]),
        head=desk.frame.head,
        cosigners=desk.frame.cosigners,
        letterhead=desk.frame.letterhead,
        roles=desk.people.roles,
    )


def copies_of(opened: OpenRoot, session_id: str, *, before: int | None = None) -> tuple[Copy, ...]:
    """Return what left the log with data of a session: exports of it or of everything, and its sheets but proofs."""
    store = opened.store
    exports = [
        entry for entry in store.entries("export") if entry.body.get("session", session_id) == session_id
    ]
    prints = [entry for entry in store.entries("print", session_id) if entry.body["sheet"] != "erasure"]
    files = _sheets_on_disk(opened.root.sheets_dir) if prints else {}
    found = [_export(entry) for entry in exports if entry.body["what"] not in _NOBODYS]
    found += [copy for entry in prints for copy in _prints(entry, files)]
    limit = store.head().size if before is None else before
    return tuple(sorted((copy for copy in found if copy.entry < limit), key=lambda copy: copy.entry))


def _export(entry: Entry) -> Copy:
    body = entry.body
    return Copy(entry=entry.seq, what=body["what"], at=body["at"], recipient=body.get("recipient", ""))


def _prints(entry: Entry, files: Mapping[str, str]) -> list[Copy]:
    """Return the copies that a print made: the sheet, and its tables as files of their own."""
    body = entry.body
    made = [body["pdf_sha256"], *body.get("files", {}).values()]
    what = f"sheet-{body['sheet']}"
    return [Copy(entry=entry.seq, what=what, at=body["at"], file=files.get(sha256, "")) for sha256 in made]


def _sheets_on_disk(folder: Path) -> dict[str, str]:
    """Return the sheets that lie in the station's own folder, by SHA-256."""
    if not folder.is_dir():
        return {}
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in _SHEETS and path.is_file()]
    small = [path for path in paths if path.stat().st_size <= MAX_SHEET_BYTES]
    return {hashlib.sha256(path.read_bytes()).hexdigest(): str(path) for path in small}


def selection_json(selection: Selection) -> dict[str, Any]:
    """What an erasure takes and what it leaves."""
    return {
        "pieces": selection.counts,
        "total": len(selection.pieces),
        "held": dict(sorted(Counter(piece.name for piece in selection.held).items())),
        "kept_rows": list(selection.kept),
        "whole_entries": list(selection.whole),
        "stays": list(selection.stays),
    }


def copies_json(copies: tuple[Copy, ...]) -> list[dict[str, Any]]:
    """The copies that an erasure cannot reach."""
    return [
        {
            "entry": copy.entry,
            "what": copy.what,
            "at": copy.at,
            "recipient": copy.recipient or None,
            "file": copy.file or None,
        }
        for copy in copies
    ]


def erased_json(erased: tuple[Erased, ...]) -> list[dict[str, Any]]:
    """The entries of an erasure with their proofs."""
    return [
        {
            "entry": {"seq": each.receipt.seq, "size": each.receipt.size, "root": each.receipt.root.hex()},
            "proof": {"file": str(each.proof.path), "sha256": each.proof.sha256},
        }
        for each in erased
    ]
