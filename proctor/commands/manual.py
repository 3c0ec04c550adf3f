"""`proctor manual`: two persons establish who somebody is. One command, few questions."""

from dataclasses import replace

from proctor.commands.context import Context
from proctor.commands.exceptions import acting, entered, read_photo, read_words, said
from proctor.errors import CommandError
from proctor.seconds import second_of
from sessions.course.consent import require_photo_allowed
from sessions.course.entries import session_entries
from sessions.course.manual import COMPARED, DOCUMENTS, ManualCase, enter_manual, require_manual
from sessions.course.reasons import note_of, reasons, require_reason

_USUAL = {
    "vneid": "vneid",
    "none": "no-card",
    "passport": "passport",
    "passport-chip": "passport",
    "cmnd-9": "old-card",
    "cccd-barcode": "no-chip",
}
"""The reason that a kind of document is by itself."""


def enter(context: Context) -> int:
    """Commit what two persons established about a candidate."""
    asked = _asked(context)
    with acting(context, "manual") as (opened, session, operator):
        asked = replace(asked, sbd=context.options.sbd)
        entries = session_entries(opened.store, session.session_id)
        if asked.photo is not None:
            require_photo_allowed(entries, asked.sbd, asked.reason)
        require_manual(session, entries, asked)
        second = second_of(context, opened, "manual", session)
        outcome, receipt = enter_manual(opened.store, session, asked, operator=operator, second=second)
    data = entered(session, receipt, kind="manual", operator=operator, second=second)
    data |= {
        "candidate": asked.sbd,
        "outcome": outcome,
        "document": asked.document,
        "reason": require_reason("manual", asked.reason).recorded,
        "compared": list(asked.compared),
    }
    return said(
        context, data, context.texts.say(f"exception.manual.{outcome}", sbd=asked.sbd, entry=receipt.seq)
    )


def _require_said(document: str, reason: str | None) -> None:
    """Raise where the document or the reason was not said, each with what is missing."""
    if document and document not in DOCUMENTS:
        raise CommandError("manual-document-unknown", known=" ".join(DOCUMENTS))
    if reason is None and not document:
        raise CommandError("manual-document-missing", usage=True, known=" ".join(DOCUMENTS))
    if reason is None:
        key = "manual-reason-other" if document == "other" else "manual-reason-missing"
        raise CommandError(key, usage=True, document=document, known=" ".join(reasons("manual")))


def _asked(context: Context) -> ManualCase:
    options = context.options
    document = options.document or ("vneid" if options.vneid else "none" if options.undertaking else "")
    usual = "later-proof" if options.later_proof else _USUAL.get(document)
    _require_said(document, options.reason or usual)
    why = require_reason("manual", options.reason or usual)
    words = read_words(context, "note", "number")
    note_of(why, words["note"])
    compared = tuple(name.strip() for name in (options.compared or ",".join(COMPARED)).split(","))
    return ManualCase(
        sbd=options.sbd,
        document=document,
        reason=why.code,
        note=words["note"],
        number=words["number"].strip(),
        photo=read_photo(context),
        compared=compared,
        undertaking=options.undertaking,
        later_proof=options.later_proof,
        established=not options.not_established,
        purpose=options.purpose,
    )
