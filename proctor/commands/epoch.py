"""`proctor log epoch`: two persons let a station go on after its log was restored, copied or lost its key."""

from contextlib import ExitStack

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import OpenRoot, ensure_training_root, open_real, open_training, pinned_keys, second_person
from proctor.tpm import take_up
from sessions.anchor import parse_note_anchor
from sessions.checkpoint import Checkpoint, VerifierKey, parse_checkpoint, station_of
from sessions.errors import NoteFormatError
from sessions.keyschedule import KeySchedule
from sessions.roles import require_may
from sessions.root import DataRoot
from sessions.rotation import By, begin_epoch_with_new_key
from sessions.station_keys import schedule_of, signers

MAX_NOTE = 64 * 1024


def begin(context: Context) -> int:
    """Begin a new epoch. The log goes on under a new origin, and says from which checkpoint."""
    options = context.options
    if not options.reason.strip():
        raise CommandError("reason-needed", usage=True)
    if context.held is not None:
        raise CommandError("held-closed")
    with ExitStack() as stack:
        opened = stack.enter_context(
            open_training(ensure_training_root(context.places.training), for_epoch=True)
            if options.training
            else open_real(
                context.places.real,
                by=options.by,
                ask=context.ask,
                login=True,
                for_epoch=True,
                with_pin=not options.new_signing_key,
            )
        )
        operator = require_may(opened.require_login().operator, "keys")
        second = second_person(opened, options.second, context.ask)
        reason, previous_note = (
            " ".join(options.reason.split()),
            _furthest(opened, options.anchor or (), pinned_keys(context.places)),
        )
        if options.new_signing_key:
            by = By(operator=operator, second=second, reason=reason)
            _, receipt = begin_epoch_with_new_key(
                opened.root, opened.store, opened.keys, by, previous=previous_note
            )
        else:
            receipt = opened.store.begin_epoch(
                reason=reason,
                operator=operator,
                second=second,
                path=opened.root.database,
                previous=previous_note,
            )
        take_up(opened.store, operator=operator)
        origin, previous = opened.store.origin, opened.store.entry(receipt.seq).body["previous"]
    data = {
        "ok": True,
        "origin": origin,
        "entry": {"seq": receipt.seq, "size": receipt.size, "root": receipt.root.hex()},
        "previous": {name: previous[name] for name in ("origin", "size", "root")},
        "lost_entries": max(0, previous["size"] - receipt.seq),
    }
    line = context.texts.say("result.epoch", origin=origin, size=previous["size"], lost=data["lost_entries"])
    context.result(data, (line,))
    return 0


def _furthest(opened: OpenRoot, files: tuple[str, ...], pinned: tuple[VerifierKey, ...]) -> str:
    """Return the largest checkpoint known of the old epoch, as a signed note: the log's own, or one from a file."""
    found: list[tuple[int, str]] = []
    own = opened.store.note()
    found.append((parse_checkpoint(own)[0].size, own))
    schedule = schedule_of(opened.store)
    others = (opened.keys.bundle.verifier_key(opened.root.origin), *opened.root.pins.keys, *pinned)
    for name in files:
        note = read_file(name, MAX_NOTE).decode("utf-8", errors="replace")
        found.append((_require_ours(opened.root, schedule, others, name=name, note=note).size, note))
    return max(found)[1]


def _require_ours(
    root: DataRoot, schedule: KeySchedule, others: tuple[VerifierKey, ...], *, name: str, note: str
) -> Checkpoint:
    """Return the checkpoint of an anchor that a key of this station signed: one of its log, the present one, or a
    pinned one that the log put back does not know. Raises CommandError "anchor-foreign".
    """
    try:
        head, _ = parse_checkpoint(note)
        if station_of(head.origin) != root.origin:
            raise NoteFormatError(why="origin")
        proven = parse_note_anchor(note).proven_by(signers(schedule, head.size, others))
    except NoteFormatError:
        proven = False
    if not proven:
        raise CommandError("anchor-foreign", file=name)
    return head
