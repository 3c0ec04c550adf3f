"""The sheets of a session: content as of one tree head, sealed, written, and entered in the log."""

import hashlib
import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import cv2

from biometrics.decode import PortraitDecoder
from biometrics.errors import BiometricsError
from proctor.errors import CommandError
from proctor.files import require_folder
from proctor.roots import OpenRoot
from proctor.sheet_people import user_names
from proctor.sheet_template import keep_template, kept_template, load_template
from proctor.sheet_wish import LISTS, Wish, reprint_number
from proctor.texts import Texts, load_texts
from proctor.witness.cosigning import SHEET_DEADLINE_S, Outcome, push
from proctor.witness.settings import load_witnesses
from reports.attendance import Pictures, build_attendance
from reports.certificate import certificate_fingerprint, make_station_certificate
from reports.exceptions_sheet import People
from reports.pdf import draw
from reports.session_sheet import PLACE_DOTS, Frame, place_and_date
from reports.sheet import Sheet
from reports.signature import seal_pdf
from reports.tables import csv_bytes, xlsx_bytes
from reports.template import Template, apply_template
from reports.wording import say
from sessions.as_of import LogAsOf
from sessions.checkpoint import Checkpoint
from sessions.course.board import Board
from sessions.course.entries import SessionEntry
from sessions.course.progress import Progress, Status
from sessions.errors import EvidenceMissingError
from sessions.files import write_private
from sessions.keys import Unlocked
from sessions.reader import LogReader
from sessions.roles import load_roles
from sessions.root import DataRoot
from sessions.session import Session, load_session
from sessions.vietnam import today
from sessions.witnesses import Cosigners, cosigners_of

_NOT_IN_NAMES = re.compile(r"[^\w-]+", re.ASCII)
_NAME_PART = 40
_EXCUSED = frozenset({Status.BLOCKED, Status.KEPT, Status.NOT_LISTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSheet:
    """A sheet on disk. `size` and `root` are the tree head it shows; `certificate` the seal's fingerprint.

    `copy` is the number of a reprint, 0 for a first print; `seq` the print's entry; `counts`: what it prints, by name;
    `tables`: spreadsheets of the same list; `asked`: what each witness did when it was asked for this head.
    """

    path: Path
    sha256: str
    size: int
    root: str
    certificate: str
    counts: Mapping[str, int]
    seq: int = -1
    copy: int = 0
    tables: tuple[Path, ...] = ()
    asked: tuple[Outcome, ...] = ()


def seal_certificate(root: DataRoot, keys: Unlocked) -> bytes:
    """Return the DER certificate of the station's paper seal; the same bytes every time."""
    return make_station_certificate(keys.bundle.seal_private_key(), root.origin, root.created)


class SheetDesk:
    """What every sheet of a session is made of: the board as of one tree head, texts, letterhead, what is wished.

    Sheets are printed in Vietnamese. Raises RoleForbiddenError, WitnessSettingsError, StoreAlteredError, CommandError
    "sheet-head" where the log had no such head since the session was opened.
    """

    def __init__(self, opened: OpenRoot, session: Session, wish: Wish | None = None) -> None:
        """Stand at the newest tree head, or at the one that is wished, as somebody who may print."""
        session.rules.require_may(opened.require_login().operator, "print")
        wish = replace(wish or Wish(), day=today().isoformat())
        if wish.at is None:
            head, cosigners, asked = asked_head(opened)
        else:
            head, asked = _earlier_head(opened, session, wish.at), ()
            wish = replace(wish, later=opened.store.head().size - wish.at)
            cosigners = _cosigners(opened, head)
        self._stand(opened, session, wish, head, cosigners)
        self.template, self._asked = load_template(opened.root.path), asked

    @classmethod
    def as_printed(cls, opened: OpenRoot, entry: Mapping[str, Any]) -> Self:
        """Stand where a `print` entry (its body) stood, whoever looks. Raises SessionsError."""
        desk = cls.__new__(cls)
        head = opened.store.checkpoint(entry["sheet_size"])
        session = load_session(LogAsOf(opened.store, head.size), entry["session"])
        desk._stand(opened, session, Wish.of_entry(entry), head, _cosigners(opened, head))
        desk._asked = ()
        kept = kept_template(opened.root.path, entry["template"]) if "template" in entry else None
        desk.template = Template() if kept is None else kept
        return desk

    def _stand(
        self, opened: OpenRoot, session: Session, wish: Wish, head: Checkpoint, cosigners: Cosigners
    ) -> None:
        self.opened, self.texts = opened, load_texts("vi")
        self.decoder: PortraitDecoder | None = None
        self.store: LogReader = LogAsOf(opened.store, head.size)
        meant = load_session(self.store, session.session_id).at(wish.component or session.component)
        self.board = Board(self.store, meant)
        self.session = self.board.session
        self.wish = wish.at_component(meant.component)
        self.frame = Frame(session=self.session, texts=self.texts, head=head, cosigners=cosigners)

    @property
    def people(self) -> People:
        """How the sheets name candidates and roles."""
        names = {seat.sbd: seat.full_name for seat in self.session.seats if not seat.erased}
        roles = {role_id: role.label for role_id, role in load_roles().items()}
        return People(names=names, roles=roles, users=user_names(self.store))

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

    def for_candidate(self, sbd: str) -> "SheetDesk":
        """Return the same desk for one candidate's sheet."""
        desk = copy(self)
        desk.wish = replace(self.wish, sbd=sbd)
        return desk

    def finished(self, sheet: Sheet) -> Sheet:
        """Return a sheet as it is printed for what is wished: marked where it is a reprint."""
        wish, marks = self.wish, []
        if wish.copy:
            marks.append(say(self.texts, "paper.reprint", number=wish.copy))
        if wish.later:
            marks.append(say(self.texts, "paper.earlier", size=sheet.head.size, later=wish.later))
        marked = replace(sheet, sbd=wish.sbd, posted=wish.posted, reprint=" · ".join(marks))
        if wish.day:
            made = place_and_date(date.fromisoformat(wish.day), self.texts, PLACE_DOTS)
            marked = replace(marked, header=replace(marked.header, place_and_date=made))
        return apply_template(marked, self.template, self.session.seats, self.texts)

    def write(self, folder: Path, build: "Callable[[SheetDesk], Sheet]") -> WrittenSheet:
        """Build a sheet, seal it, enter the print, write it into `folder`. Raises CommandError, ReportsError.

        A sheet that was printed before, unless it never came out of the printer, is numbered as a reprint.
        """
        sheet = build(self)
        wish = replace(self.wish, kind=sheet.kind)
        copied = reprint_number(self.opened.store, self.session.session_id, wish)
        self.wish = replace(wish, copy=copied, template=self.template.sha256)
        if self.template.sha256:
            keep_template(self.opened.root.path, self.template.sha256)
        written = write_sheet(self.opened, self.finished(sheet), folder, self.texts, wish=self.wish)
        return replace(written, asked=self._asked)


def note_text(store: LogReader, seq: int) -> str:
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
                chip=picture_of(desk.store, "chip-portrait", lambda image: recode(decoder, image)),
                live=picture_of(desk.store, "live-portrait", lambda image: image),
            ),
            posted=desk.wish.posted,
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


def _earlier_head(opened: OpenRoot, session: Session, size: int) -> Checkpoint:
    """Return the tree head of a size at which the session was open; raises CommandError "sheet-head"."""
    newest = opened.store.head().size
    if not session.seq < size <= newest:
        raise CommandError("sheet-head", usage=True, size=size, first=session.seq + 1, last=newest)
    return opened.store.checkpoint(size)


def _cosigners(opened: OpenRoot, head: Checkpoint) -> Cosigners:
    """Return who cosigned an earlier tree head."""
    lines = opened.store.cosignatures(head.size)
    return cosigners_of(head, lines, load_witnesses(opened.root, opened.store))


def write_sheet(
    opened: OpenRoot, sheet: Sheet, folder: Path, texts: Texts, *, wish: Wish | None = None
) -> WrittenSheet:
    """Seal a sheet, enter the print, then write `<kind>-…-<session>-<size>.pdf` and its tables into `folder`.

    A file that cannot be written is entered as a print that failed. Raises CommandError, ReportsError.
    """
    wish = wish or Wish(kind=sheet.kind)
    head = sheet.head
    certificate = seal_certificate(opened.root, opened.keys)
    drawn = draw(sheet, opened.keys.bundle.signer(opened.root.origin))
    pdf = seal_pdf(
        drawn,
        key=opened.keys.bundle.seal_private_key(),
        certificate=certificate,
        at=datetime.now(UTC),
        texts=texts,
    )
    tables = {} if wish.pdf_only else _tables(sheet, texts)
    path = require_folder(folder) / f"{_name(sheet, wish)}.pdf"
    sha256, fingerprint = hashlib.sha256(pdf).hexdigest(), certificate_fingerprint(certificate)
    body: dict[str, Any] = {
        "session": sheet.session_id,
        "sheet": sheet.kind,
        "sheet_size": head.size,
        "sheet_root": head.root.hex(),
        "pdf_sha256": sha256,
        "seal_certificate": fingerprint,
        "unsigned_sha256": hashlib.sha256(drawn.pdf).hexdigest(),
        **wish.fields,
    }
    if tables:
        body["files"] = {kind: hashlib.sha256(data).hexdigest() for kind, data in tables.items()}
    note = {"note": wish.reason.encode()} if wish.reason else {}
    operator = opened.require_login().operator
    receipt = opened.store.append("print", body, operator=operator, evidence=note)
    try:  # nothing sealed lies on a disk before the log has it
        _write(path, pdf)
        for kind, data in tables.items():
            _write(path.with_suffix(f".{kind}"), data)
    except CommandError:
        lost = {"session": sheet.session_id, "pdf_sha256": sha256, "printer": "-", "outcome": "failed"}
        opened.store.append("print-job", {**lost, "copies": 1, "reason": "not-written"}, operator=operator)
        raise
    return WrittenSheet(
        path=path,
        sha256=sha256,
        size=head.size,
        root=head.root.hex(),
        certificate=fingerprint,
        counts=sheet.counts,
        seq=receipt.seq,
        copy=wish.copy,
        tables=tuple(path.with_suffix(f".{kind}") for kind in tables),
    )


def _tables(sheet: Sheet, texts: Texts) -> dict[str, bytes]:
    """Return the spreadsheets that go with a list, by the ending of their names."""
    if sheet.kind not in LISTS:
        return {}
    note = texts["table.note"]
    return {"xlsx": xlsx_bytes(sheet, note=note), "csv": csv_bytes(sheet, note=note)}


def _name(sheet: Sheet, wish: Wish) -> str:
    """Return a file's name: what tells sheets of one session apart, then the session and the tree head's size."""
    posted = "posted" if sheet.posted else ""
    parts = (sheet.kind, posted, _file_part(sheet.variant), own_part(sheet.sbd), sheet.session_id)
    copied = f"-r{wish.copy}" if wish.copy else ""
    return f"{'-'.join(part for part in parts if part)}-{sheet.head.size}{copied}"


def picture_of(
    store: LogReader, name: str, clean: Callable[[bytes], bytes | None]
) -> Callable[[int], bytes | None]:
    """Return where pictures of a name come from: from an entry's number to a JPEG, or None where there is none."""

    def picture(seq: int) -> bytes | None:
        try:
            return clean(store.evidence(seq, name))
        except EvidenceMissingError:
            return None

    return picture


def recode(decoder: PortraitDecoder, image: bytes) -> bytes | None:
    """Return a chip's portrait as a JPEG of our own making, decoded where it can do no harm; None if it cannot be."""
    try:
        picture = decoder.decode(image)
    except BiometricsError:
        return None
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def own_part(sbd: str) -> str:
    """Return a candidate number as part of a file's name that no other number has: 001, Đ001 and A/1 stay apart."""
    plain = _file_part(sbd)
    told_apart = plain == sbd and sbd == sbd.upper()
    return plain if told_apart else f"{plain}_{hashlib.sha256(sbd.encode()).hexdigest()[:8]}"


def _file_part(text: str) -> str:
    """Return a text as part of a file's name on any system."""
    return _NOT_IN_NAMES.sub("-", text)[:_NAME_PART].strip("-")


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none; private, since it shows names and faces."""
    try:
        write_private(path, data)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
