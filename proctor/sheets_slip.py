"""Each candidate's slip, the session's seal, and its summary: from the board and the entries to a page model."""

from collections.abc import Iterator
from contextlib import contextmanager

from biometrics.decode import PortraitDecoder
from proctor.errors import CommandError
from proctor.sheets import SheetDesk, picture_of, recode, seal_certificate
from reports.certificate import certificate_fingerprint
from reports.class_summary import build_exam_summary, build_summary
from reports.session_seal import SealedBy, build_seal
from reports.sheet import Sheet
from reports.slip import Candidate, build_slip
from reports.slip_pictures import Shots
from sessions.course.allocation import places_of
from sessions.course.merge import require_merged
from sessions.course.numbers import written_sbd
from sessions.course.states import Standing
from sessions.errors import EvidenceErasedError, EvidenceMissingError
from sessions.reader import LogReader

_CHIP, _LIVE, _PHOTO = "chip-portrait", "live-portrait", "photo"


def slip_sheet(desk: SheetDesk) -> Sheet:
    """Return the slip of the candidate that is wished. Raises SbdUnknownError."""
    seat = desk.progress.seat(desk.wish.sbd)
    candidate = Candidate.of(seat, _standings(desk, seat.sbd), desk.board.entries)
    with _decoder(desk) as decoder:
        return build_slip(
            desk.frame,
            candidate,
            desk.progress,
            desk.board.entries,
            desk.people,
            shots=_shots(desk.store, decoder),
        )


def _standings(desk: SheetDesk, sbd: str) -> dict[str, Standing]:
    """Return where a candidate stands, by component; those that are none of theirs left out."""
    found = {}
    for component in desk.session.components:
        try:
            found[component] = desk.board.standing(sbd, component)
        except KeyError:
            continue
    return found


@contextmanager
def sharing(desk: SheetDesk) -> Iterator[None]:
    """Let all slips made within share one decoder and one reading of everybody's progress."""
    desk.progress  # noqa: B018  # read once, before the desk is copied for each candidate
    with PortraitDecoder() as desk.decoder:
        yield
    desk.decoder = None


@contextmanager
def _decoder(desk: SheetDesk) -> Iterator[PortraitDecoder]:
    """Give the desk's decoder, where many slips share one, else one for this slip."""
    if desk.decoder is not None:
        yield desk.decoder
        return
    with PortraitDecoder() as decoder:
        yield decoder


def _shots(store: LogReader, decoder: PortraitDecoder) -> Shots:
    """Return a slip's pictures: a person's own file is decoded like a chip's, where it can do no harm."""
    live = picture_of(store, _LIVE, lambda image: image)
    photo = picture_of(store, _PHOTO, lambda image: recode(decoder, image))
    return Shots(
        chip=picture_of(store, _CHIP, lambda image: recode(decoder, image)),
        live=lambda seq: live(seq) or photo(seq),
        erased=lambda seq: any(_erased(store, seq, name) for name in (_CHIP, _LIVE, _PHOTO)),
    )


def _erased(store: LogReader, seq: int, name: str) -> bool:
    try:
        store.evidence(seq, name)
    except EvidenceErasedError:
        return True
    except EvidenceMissingError:
        return False
    return False


def listed(desk: SheetDesk, sbd: str) -> str:
    """Return an SBD as the list writes it.

    Raises CommandError "candidate-erased" for somebody whose data two persons erased, "candidate-perhaps-erased",
    "candidate-unlisted".
    """
    wanted = " ".join(sbd.split()).casefold()
    known = written_sbd((seat.sbd for seat in desk.session.seats if not seat.erased), " ".join(sbd.split()))
    if known is not None:
        return known
    for entry in desk.store.entries("shred", desk.session.session_id):
        if str(entry.body.get("sbd", "")).casefold() == wanted:
            raise CommandError("candidate-erased", sbd=str(entry.body["sbd"]), entry=entry.seq)
    shreds = desk.store.entries("shred", desk.session.session_id)
    if shreds and any(seat.erased for seat in desk.session.seats):
        raise CommandError("candidate-perhaps-erased", sbd=sbd[:40], entry=shreds[-1].seq)
    raise CommandError("candidate-unlisted", sbd=sbd[:40])


def everybody(desk: SheetDesk) -> tuple[str, ...]:
    """Return every candidate number that is not erased; raises CommandError "slip-nobody" where all are."""
    found = tuple(seat.sbd for seat in desk.session.seats if not seat.erased)
    if not found:
        raise CommandError("slip-nobody", session=desk.session.session_id)
    return found


def seal_sheet(desk: SheetDesk) -> Sheet:
    """Return the seal of the session. Raises as `require_merged` for a part, or parts that are not together."""
    session = require_merged(desk.session, desk.board.entries)
    opened = desk.opened
    return build_seal(
        desk.frame,
        {component: desk.board.standings(component) for component in session.components},
        desk.board.entries,
        excused={component: desk.excused(component) for component in session.components},
        closed=desk.board.closed,
        by=SealedBy(
            key=opened.keys.bundle.signer(desk.store.origin).key.fingerprint,
            certificate=certificate_fingerprint(seal_certificate(opened.root, opened.keys)),
        ),
    )


def summary_sheet(desk: SheetDesk) -> Sheet:
    """Return the summary: by class, of an exam whose list has none by subject and room. Raises as `seal_sheet`."""
    session = require_merged(desk.session, desk.board.entries)
    entries = desk.board.entries
    if session.rules.kind != "exam" or desk.progress.classes:
        return build_summary(desk.frame, desk.progress, entries)
    return build_exam_summary(
        desk.frame,
        {component: desk.board.standings(component) for component in session.components},
        entries,
        excused={component: desk.excused(component) for component in session.components},
        places={component: places_of(entries, component) for component in session.components},
        closed=desk.board.closed,
    )
