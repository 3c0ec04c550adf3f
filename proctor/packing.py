"""A session's pack for the department: made, read back, verified, entered in the log, and only then under its name."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from proctor.errors import CommandError
from proctor.files import read_file, require_folder
from proctor.roots import OpenRoot
from proctor.sheets import seal_certificate
from sessions.department import DepartmentPublic
from sessions.department_pin import ensure_training, pinned
from sessions.errors import PackAlteredError, PackSheetError
from sessions.files import sync_dir
from sessions.pack_file import write_pack
from sessions.pack_verify import Outside, verify_pack
from sessions.pack_write import PackDraft, Sheets, draft_pack
from sessions.pins import StationPins
from sessions.record import Second
from sessions.session import Session

SUFFIX = ".pack"
WHAT = "pack"
MAX_SHEET = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPack:
    """A pack on disk. `sha256`, `octets`: the file's; `size`, `root`: the tree head it ends at; `entry`: the `export`
    entry. `missing`: print entries whose sheet was not among the files given; `left_out`: files of other sessions.
    """

    path: Path
    sha256: str
    octets: int
    size: int
    root: str
    recipient: str
    entry: int
    evidence: int
    sheets: int
    missing: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The session's sheets in a folder, which print entries they are of, and what else lies there."""

    sheets: Sheets
    missing: tuple[int, ...]
    left_out: tuple[str, ...]


def export_pack(
    opened: OpenRoot,
    session: Session,
    folder: Path,
    *,
    sheets: Path | None = None,
    second: Second | None = None,
) -> WrittenPack:
    """Write `pack-<session>-<size>.pack` into `folder`, sealed to the department's key, with the sheets in `sheets`.

    The `export` entry comes before the file has its name: a pack that the log does not know is never left behind.
    At a real station it is an entry of two persons. Raises CommandError ("second-missing" and others),
    DepartmentNotPinnedError, PackSheetError, PackAlteredError, StoreError.
    """
    operator = session.rules.require_may(opened.require_login().operator, "export")
    if second is None and not opened.training:
        raise CommandError("second-missing", usage=True)
    department = department_of(opened)
    found = _sheets_of(opened, session, sheets)
    signer = opened.keys.bundle.signer(opened.store.origin)
    draft = draft_pack(
        opened.store, session.session_id, signer=signer, department=department, sheets=found.sheets
    )
    manifest = draft.manifest
    path = require_folder(folder) / f"{WHAT}-{session.session_id}-{manifest.size}{SUFFIX}"
    temporary = path.with_name(f".{path.name}.part")
    try:
        _clear(folder, session.session_id)
        sha256, octets = write_pack(temporary, draft.chunks())
        _require_good(temporary, draft)
        body = {
            "what": WHAT,
            "session": session.session_id,
            "sha256": sha256,
            "size": manifest.size,
            "root": manifest.root,
            "recipient": manifest.recipient,
        }
        receipt = opened.store.append("export", body, operator=operator, second=second)
        temporary.replace(path)
        sync_dir(path.parent)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
    finally:
        with suppress(OSError):  # a stick that was pulled out
            temporary.unlink(missing_ok=True)
    return WrittenPack(
        path=path,
        sha256=sha256,
        octets=octets,
        size=manifest.size,
        root=manifest.root,
        recipient=manifest.recipient,
        entry=receipt.seq,
        evidence=sum(member.piece is not None for member in manifest.members),
        sheets=sum(member.sheet is not None for member in manifest.members),
        missing=found.missing,
        left_out=found.left_out,
    )


def department_of(opened: OpenRoot) -> DepartmentPublic:
    """Return the department key that packs of this root are sealed to; training makes its own.

    Raises DepartmentNotPinnedError, DepartmentAlteredError.
    """
    if opened.training:
        return ensure_training(opened.root, opened.store, opened.require_login().operator)
    return pinned(opened.root, opened.store)


def _require_good(path: Path, draft: PackDraft) -> None:
    """Raise PackAlteredError unless the file, read back, verifies as its receiver will verify it."""
    pins = StationPins.of_fingerprint(draft.signer.key.fingerprint)
    report = verify_pack(path, Outside(pins=pins, pack_key=draft.pack_key))
    if not report.ok:
        first = report.first_bad
        place = -1 if first is None or first.seq is None else first.seq
        raise PackAlteredError(cause=report.code, entry=place, file=path.name)


def _sheets_of(opened: OpenRoot, session: Session, folder: Path | None) -> _Found:
    """Return the session's sheets in a folder. Raises CommandError, PackSheetError for a file that bears the session's
    name and is none of its sheets.
    """
    prints = {
        entry.body["pdf_sha256"]: entry.seq for entry in opened.store.entries("print", session.session_id)
    }
    files: dict[str, bytes] = {}
    left_out = []
    for path in _pdfs(folder):
        data = read_file(str(path), MAX_SHEET)
        digest = hashlib.sha256(data).hexdigest()
        if digest in prints:
            files[digest] = data
        elif session.session_id in path.name:
            raise PackSheetError(file=path.name)
        else:
            left_out.append(path.name)
    certificate = seal_certificate(opened.root, opened.keys) if prints else b""
    return _Found(
        sheets=Sheets(files=tuple(files.values()), certificate=certificate),
        missing=tuple(sorted(seq for digest, seq in prints.items() if digest not in files)),
        left_out=tuple(left_out),
    )


def _pdfs(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise CommandError("file-missing", file=str(folder))
    return sorted(folder.glob("*.pdf"))


def _clear(folder: Path, session_id: str) -> None:
    """Remove what an export that was cut short left under a temporary name."""
    for path in folder.glob(f".{WHAT}-{session_id}-*{SUFFIX}.part"):
        path.unlink(missing_ok=True)
