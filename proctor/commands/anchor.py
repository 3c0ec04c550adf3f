"""`proctor log anchor` and `proctor witness fetch`: tree heads and erasures, out to a stick and back from a witness."""

from pathlib import Path

from proctor.anchoring import fetch_anchor, write_anchor
from proctor.commands.context import Context
from proctor.commands.session import open_for, open_session
from proctor.commands.witness import witness_of
from sessions.witnesses import Cosigners


def anchor(context: Context) -> int:
    """Write the newest tree head and every erasure for a stick. Exit 0 when it was read back."""
    options, folder = context.options, Path(context.options.out)
    if options.session is not None:
        with open_session(context, options.session, login=True) as (opened, session):
            written = write_anchor(opened, folder, session=session.session_id)
    else:
        with open_for(context, training=options.training, login=True) as opened:
            written = write_anchor(opened, folder)
    head = written.head
    data = {
        "ok": True,
        "file": str(written.note),
        "shreds": str(written.shreds),
        "sha256": written.sha256,
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "erasures": written.count,
        **cosigners_json(written.cosigners),
    }
    lines = (
        context.texts.say("anchor.written", file=str(written.note), size=head.size, root=head.root.hex()),
        *(context.texts.say("anchor.not-cosigned", name=name) for name in written.cosigners.missing),
    )
    context.result(data, lines)
    return 0


def cosigners_json(cosigners: Cosigners) -> dict[str, object]:
    """Who cosigned a tree head, as docs/json.md has it."""
    return {
        "witnesses": cosigners.configured,
        "cosigned": [{"name": found.name, "key_id": found.key_id} for found in cosigners.signed],
        "not_cosigned": list(cosigners.missing),
    }


def fetch(context: Context) -> int:
    """Fetch from a witness what a restore needs to know: no station is needed on this machine."""
    options = context.options
    note, shreds, head, count = fetch_anchor(witness_of(context), options.origin, Path(options.out))
    data = {
        "ok": True,
        "file": str(note),
        "shreds": str(shreds),
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "erasures": count,
    }
    line = context.texts.say("anchor.fetched", file=str(note), size=head.size, count=count)
    context.result(data, (line,))
    return 0
