"""The attendance sheet of a session: content as of the last tree head, sealed, written, and entered in the log."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import cv2

from biometrics.decode import PortraitDecoder
from biometrics.errors import BiometricsError
from proctor.errors import CommandError
from proctor.files import require_folder
from proctor.roots import OpenRoot
from proctor.texts import Texts, load_texts
from proctor.witness.cosigning import SHEET_DEADLINE_S, Outcome, push
from proctor.witness.settings import load_witnesses
from reports.attendance import Pictures, build_attendance
from reports.certificate import certificate_fingerprint, make_station_certificate
from reports.exceptions_sheet import People
from reports.pdf import render
from reports.session_sheet import Frame
from reports.sheet import Sheet
from reports.signature import sign_pdf
from sessions.checkpoint import Checkpoint
from sessions.course.board import Board
from sessions.course.entries import SessionEntry
from sessions.course.progress import Progress, Status
from sessions.errors import EvidenceMissingError
from sessions.files import write_private
from sessions.keys import Unlocked
from sessions.roles import load_roles
from sessions.root import DataRoot
from sessions.session import Session
from sessions.store import Store
from sessions.witnesses import Cosigners, cosigners_of

_NOT_IN_NAMES = re.compile(r"[^\w-]+", re.ASCII)
_NAME_PART = 40
_EXCUSED = frozenset({Status.BLOCKED, Status.KEPT, Status.NOT_LISTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSheet:
    """A sheet on disk. `size` and `root` are the tree head it shows; `certificate` the seal's fingerprint.

    `counts`: what it prints, by name; `asked`: what each witness did when it was asked for this head.
    """

    path: Path
    sha256: str
    size: int
    root: str
    certificate: str
    counts: Mapping[str, int]
    asked: tuple[Outcome, ...] = ()


def seal_certificate(root: DataRoot, keys: Unlocked) -> bytes:
    """Return the DER certificate of the station's paper seal; the same bytes every time."""
    return make_station_certificate(keys.bundle.seal_private_key(), root.origin, root.created)


def write_attendance(opened: OpenRoot, session: Session, folder: Path) -> WrittenSheet:
    """Write `attendance-<component>-<session>-<size>.pdf` of `session.component`, then enter the print.

    Raises as `SheetDesk.write`.
    """
    return SheetDesk(opened, session).write(folder, attendance_sheet)


class SheetDesk:
    """What every sheet of a session is made of: the board as of one tree head, texts, who may print.

    Sheets are printed in Vietnamese. Raises RoleForbiddenError, WitnessSettingsError.
    """

    def __init__(self, opened: OpenRoot, session: Session) -> None:
        session.rules.require_may(opened.require_login().operator, "print")
        self.opened = opened
        self.board = Board(opened.store, session)
        self.session = self.board.session.at(session.component)
        self.texts = load_texts("vi")
        head, cosigners, self._asked = asked_head(opened)
        self.frame = Frame(session=self.session, texts=self.texts, head=head, cosigners=cosigners)

    @property
    def store(self) -> Store:
        """The log."""
        return self.opened.store

    @property
    def people(self) -> People:
        """How the sheets name candidates and roles."""
        names = {seat.sbd: seat.full_name for seat in self.session.seats if not seat.erased}
        roles = {role_id: role.label for role_id, role in load_roles().items()}
        return People(names=names, roles=roles)

    @cached_property
    def progress(self) -> Progress:
        """What each candidate owes, has passed and may take."""
        return Progress.of(self.session, self.board.entries)

    def excused(self, component: str) -> dict[str, str]:
        """Return who does not take a component, and is not absent: by SBD why."""
        statuses = ((sbd, self.progress.status(sbd, component)) for sbd in self.progress.sbds)
        away = _EXCUSED | {Status.WAITING} if self.board.closed else _EXCUSED
        return {sbd: status.value for sbd, status in statuses if status in away}

    def note_of(self, entry: SessionEntry) -> str:
        """Return the words that were written with an entry of this log; nothing where there are none (any more)."""
        if entry.part is not None:
            return ""
        return note_text(self.store, entry.seq)

    def write(self, folder: Path, build: "Callable[[SheetDesk], Sheet]") -> WrittenSheet:
        """Build a sheet, seal it, write it into `folder`, then enter the print. Raises CommandError, ReportsError."""
        written = write_sheet(self.opened, build(self), folder, self.texts)
        return replace(written, asked=self._asked)


def note_text(store: Store, seq: int) -> str:
    """Return the evidence `note` of an entry as text, or nothing."""
    try:
        return store.evidence(seq, "note").decode("utf-8", "replace")
    except EvidenceMissingError:
        return ""


def attendance_sheet(desk: SheetDesk) -> Sheet:
    """Return the attendance sheet of the session's component, portraits included."""
    with PortraitDecoder() as decoder:
        return build_attendance(
            desk.session,
            desk.board.standings(desk.session.component),
            texts=desk.texts,
            head=desk.frame.head,
            entries=desk.board.entries,
            excused=desk.excused(desk.session.component),
            closed=desk.board.closed,
            pictures=Pictures(
                chip=_picture(desk.store, "chip-portrait", lambda image: _recode(decoder, image)),
                live=_picture(desk.store, "live-portrait", lambda image: image),
            ),
            cosigners=desk.frame.cosigners,
        )


def asked_head(opened: OpenRoot) -> tuple[Checkpoint, Cosigners, tuple[Outcome, ...]]:
    """Return the newest tree head, who cosigned it, and what each witness did when asked for a moment.

    A witness that does not answer never stops a sheet; the sheet says what is missing. Raises WitnessSettingsError.
    """
    witnesses = load_witnesses(opened.root, opened.store)
    head = opened.store.head()
    asked = push(opened.store, witnesses, deadline_s=SHEET_DEADLINE_S)
    return head, cosigners_of(head, opened.store.cosignatures(head.size), witnesses), asked


def cosigned_head(opened: OpenRoot) -> tuple[Checkpoint, Cosigners]:
    """Return the newest tree head and who cosigned it, as `asked_head`."""
    head, cosigners, _ = asked_head(opened)
    return head, cosigners


def write_sheet(opened: OpenRoot, sheet: Sheet, folder: Path, texts: Texts) -> WrittenSheet:
    """Seal a sheet, write `<kind>-<session>-<size>.pdf` into `folder`, then enter the print.

    Raises CommandError, ReportsError.
    """
    head = sheet.head
    certificate = seal_certificate(opened.root, opened.keys)
    pdf = sign_pdf(
        render(sheet, opened.keys.bundle.signer(opened.root.origin)),
        key=opened.keys.bundle.seal_private_key(),
        certificate=certificate,
        at=datetime.now(UTC),
        texts=texts,
    )
    name = "-".join(part for part in (sheet.kind, _file_part(sheet.variant), sheet.session_id) if part)
    path = require_folder(folder) / f"{name}-{head.size}.pdf"
    _write(path, pdf)
    written = WrittenSheet(
        path=path,
        sha256=hashlib.sha256(pdf).hexdigest(),
        size=head.size,
        root=head.root.hex(),
        certificate=certificate_fingerprint(certificate),
        counts=sheet.counts,
    )
    body = {
        "session": sheet.session_id,
        "sheet": sheet.kind,
        "sheet_size": head.size,
        "sheet_root": written.root,
        "pdf_sha256": written.sha256,
        "seal_certificate": written.certificate,
    }
    opened.store.append("print", body, operator=opened.require_login().operator)
    return written


def _picture(
    store: Store, name: str, clean: Callable[[bytes], bytes | None]
) -> Callable[[int], bytes | None]:
    def picture(seq: int) -> bytes | None:
        try:
            return clean(store.evidence(seq, name))
        except EvidenceMissingError:
            return None

    return picture


def _recode(decoder: PortraitDecoder, image: bytes) -> bytes | None:
    """Return a chip's portrait as a JPEG of our own making, decoded where it can do no harm; None if it cannot be."""
    try:
        picture = decoder.decode(image)
    except BiometricsError:
        return None
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def _file_part(text: str) -> str:
    """Return a text as part of a file's name on any system."""
    return _NOT_IN_NAMES.sub("-", text)[:_NAME_PART].strip("-")


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none; private, since it shows names and faces."""
    try:
        write_private(path, data)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
