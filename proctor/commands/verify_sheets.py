"""`proctor sheets verify`: is this file, or the paper in this picture, what the station made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from proctor.commands.context import Context
from proctor.commands.session import open_for, open_session
from proctor.commands.verify_picture import judge_picture
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.fingerprints import grouped
from proctor.roots import OpenRoot, kind_at, pinned_keys
from proctor.sheet_content import Content, LogFinding, Seals, told_by
from proctor.sheet_rows import ABOVE, EXTRA
from proctor.sheet_verification import (
    Judgement,
    Pins,
    SheetVerdict,
    given_certificate,
    given_certificates,
    given_crls,
    given_keys,
    judge_file,
    pins_of_root,
)
from reports.signing_status import SignatureStatus
from reports.verification import MAX_BYTES
from reports.verify_sheet import Believed, SignatureFinding, SignatureKind
from sessions.record import format_utc
from sessions.vietnam import VIETNAM

_PDF: Final = b"%PDF-"
_PDF_WITHIN: Final = 1_024
_SIGNED: Final = b"/ByteRange"
_NAMED: Final = 12
"""Rows that the words name; --json has more."""


def verify(context: Context) -> int:
    """Check a file. Exit 0 only when nothing is altered and everything that must be known is."""
    options = context.options
    data = read_file(options.file, MAX_BYTES)
    with _root(context) as opened:
        pins = _pins(context, opened)
        if _is_picture(data):
            return judge_picture(
                context, data, file=options.file, keys=pins.keys, opened=opened, session=options.session
            )
        found = judge_file(data, pins, opened=opened, at=datetime.now(UTC), session=options.session)
    context.result(_data(found, options.file), tuple(_lines(context, found)))
    return 0 if found.verdict is SheetVerdict.INTACT else 1


def _is_picture(data: bytes) -> bool:
    """Whether only the page seals in a file can be read: no PDF, or one that nobody signed, as scanners make."""
    return _PDF not in data[:_PDF_WITHIN] or (data.startswith(_PDF) and _SIGNED not in data)


@contextmanager
def _root(context: Context) -> Iterator[OpenRoot | None]:
    """Open the root that is meant, as whoever is named; none where the station's certificate is given instead."""
    options = context.options
    if options.session is not None:
        with open_session(context, options.session, login=options.by is not None) as (opened, _):
            yield opened
    elif (options.certificate or options.key) and not (options.root or options.by or options.training):
        yield None
    else:
        training = options.training or kind_at(context.places.real) != "real"
        if kind_at(context.places.training if training else context.places.real) is None:
            if not pinned_keys(context.places):
                raise CommandError("verifying-nobody-believed", usage=True)
            yield None
            return
        with open_for(context, training=training, login=options.by is not None) as opened:
            yield opened


def _pins(context: Context, opened: OpenRoot | None) -> Pins:
    """Return who is believed: what is given, else what the root believes."""
    options = context.options
    known = pinned_keys(context.places)
    pins = Pins(certificates=(), keys=known) if opened is None else pins_of_root(opened, known)
    authorities = given_certificates(options.authority or ())
    stamps = given_certificates(options.time_stamps or ()) or authorities
    given = Believed(signatures=authorities, time_stamps=stamps, crls=given_crls(options.crl or ()))
    if options.certificate is not None:
        given_one = given_certificate(options.certificate)
        pins = replace(pins, certificates=(given_one,), keys_meant=opened is not None)
    if options.key:
        pins = replace(pins, keys=given_keys(options.key), keys_meant=True)
    return replace(pins, believed=_both(pins.believed, given))


def _both(one: Believed, other: Believed) -> Believed:
    return Believed(
        signatures=one.signatures + other.signatures,
        time_stamps=one.time_stamps + other.time_stamps,
        crls=one.crls + other.crls,
        others=one.others + other.others,
    )


# -- words -----------------------------------------------------------------------------------------


def _lines(context: Context, found: Judgement) -> Iterator[str]:
    say = context.texts.say
    yield say(f"verifying.verdict-{found.verdict}")
    for reason in found.reasons:
        yield _reason(context, reason, found)
    if not found.file.intact:
        yield say("verifying.nothing-counts")
        return
    yield _which(context, found)
    for each in found.file.signatures:
        yield _signature(context, each)
        if each.field in found.early:
            yield say("verifying.before-seal", field=each.field)
    for _, role in found.file.open_fields:
        yield say("verifying.open-field", role=role)
    yield say("verifying.seals-unchecked") if found.seals is None else _seals(context, found.seals)
    if found.log is None:
        yield say("verifying.no-log")
        yield say("verifying.later-unknown")
    else:
        yield from _log(context, found.log)


def _which(context: Context, found: Judgement) -> str:
    """Return which sheet this is: by the log, else by its seals, else only what it says of itself."""
    say, texts = context.texts.say, context.texts
    log, seals = found.log, found.seals
    if log is not None and log.seq >= 0:
        kind, session, size = log.kind, log.session, log.size
        copy = say("verifying.which-copy", copy=log.copy) if log.copy else ""
        printed = say("verifying.which-print", seq=log.seq) + copy
    elif seals is not None and not seals.error:
        kind, session, size, printed = seals.kind, seals.session, seals.size, ""
    else:
        told = told_by(found.file.unsigned)
        return say("verifying.which-told", title=told.title, session=told.session, size=told.size)
    key = f"picture.kind.{kind}"
    return say(
        "verifying.which",
        kind=texts.say(key) if key in texts else kind,
        session=session,
        size=size,
        printed=printed,
    )


def _reason(context: Context, reason: str, found: Judgement) -> str:
    facts = dict(found.file.error.facts) if found.file.error is not None else {}
    why = str(facts.get("why", ""))
    key = f"verifying.why-{why}"
    text = context.texts.say(f"verifying.reason-{reason}")
    if reason != "sheet-file-altered" or key not in context.texts:
        return text
    said = context.texts.say(key)
    place = context.texts.say("verifying.at-field", field=str(facts["field"])) if "field" in facts else ""
    return f"{text} {said.strip()}{place}"


def _signature(context: Context, each: SignatureFinding) -> str:
    say = context.texts.say
    key = f"verifying.{each.kind}"
    if each.kind is SignatureKind.TOKEN and not each.authority:
        ended = each.status is SignatureStatus.EXPIRED
        key = f"verifying.token-{'ended' if ended else 'unbelieved'}"
    words = say(
        key,
        role=each.role,
        holder=each.holder,
        issuer=each.issuer,
        fingerprint=grouped(each.certificate),
        time=_moment(each.claimed_at),
        status=say(f"verifying.status-{each.status}"),
        level=each.level.value,
    )
    if each.stamped_at is None:
        return words
    return words + say("verifying.stamped", time=_moment(each.stamped_at))


def _seals(context: Context, seals: Seals) -> str:
    key = f"verifying.seals-{seals.error}" if seals.error else "verifying.seals"
    return context.texts.say(key, good=seals.good, pages=seals.pages, size=seals.size, root=seals.root)


def _log(context: Context, log: LogFinding) -> Iterator[str]:
    say = context.texts.say
    named = [_named(context, each) for each in log.differing[:_NAMED]]
    rows = ", ".join(named) + (", …" if len(log.differing) + log.more > _NAMED else "")
    count = log.erased if log.content is Content.ERASED else len(log.differing) + log.more
    yield say(f"verifying.content-{log.content}", rows=rows, count=count, total=log.rows, seq=log.seq)
    if log.content is Content.DIFFERS and log.erased:
        yield say("verifying.erased", count=log.erased)
    if log.content is Content.UNKNOWN:
        return
    yield say("verifying.head" if log.head else "verifying.head-differs")
    if log.cosigned:
        yield say("verifying.cosigned", names=", ".join(log.cosigned))
    if log.not_cosigned:
        yield say("verifying.not-cosigned", names=", ".join(log.not_cosigned))
    for name in log.missing:
        yield say("verifying.missing-signature", field=name)
    for name in log.unlogged:
        yield say("verifying.unlogged-signature", field=name)
    for name, status in log.statuses.items():
        yield say("verifying.status-then", field=name, status=say(f"verifying.status-{status}"))


def _named(context: Context, what: str) -> str:
    if what == ABOVE:
        return context.texts.say("verifying.above")
    if what.startswith(EXTRA):
        return context.texts.say("verifying.extra-row", sbd=what.removeprefix(EXTRA)).strip()
    return what


def _moment(at: datetime) -> str:
    return at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")


# -- JSON ------------------------------------------------------------------------------------------


def _data(found: Judgement, file: str) -> dict[str, Any]:
    error = found.file.error
    return {
        "ok": found.verdict is SheetVerdict.INTACT,
        "kind": "pdf",
        "file": file,
        "verdict": found.verdict.value,
        "reasons": list(found.reasons),
        "facts": {} if error is None else dict(error.facts),
        "unsigned_sha256": found.file.unsigned_sha256,
        "sealed_sha256": found.file.sealed_sha256,
        "whole": found.file.whole,
        "signatures": [_signature_data(each) for each in found.file.signatures],
        "open_fields": [{"field": name, "role": role} for name, role in found.file.open_fields],
        "seals": None if found.seals is None else _seals_data(found.seals),
        "log": None if found.log is None else _log_data(found.log),
        "signed_before_seal": list(found.early),
    }


def _signature_data(each: SignatureFinding) -> dict[str, Any]:
    return {
        "field": each.field,
        "role": each.role,
        "kind": each.kind.value,
        "digital_signature": each.kind is not SignatureKind.SEAL and bool(each.authority),
        "holder": each.holder,
        "issuer": each.issuer,
        "certificate": each.certificate,
        "authority": each.authority,
        "claimed_at": format_utc(each.claimed_at),
        "stamped_at": None if each.stamped_at is None else format_utc(each.stamped_at),
        "status": each.status.value,
        "why": each.why,
        "level": each.level.value,
    }


def _seals_data(seals: Seals) -> dict[str, Any]:
    return {
        "pages": seals.pages,
        "good": seals.good,
        "origin": seals.origin,
        "session": seals.session,
        "kind": seals.kind,
        "size": seals.size,
        "root": seals.root,
        "error": seals.error,
    }


def _log_data(log: LogFinding) -> dict[str, Any]:
    return {
        "content": log.content.value,
        "why": log.why,
        "entry": log.seq if log.seq >= 0 else None,
        "session": log.session,
        "kind": log.kind,
        "copy": log.copy,
        "size": log.size,
        "rows": log.rows,
        "differing": list(log.differing),
        "more": log.more,
        "erased": log.erased,
        "head": log.head,
        "cosigned": list(log.cosigned),
        "not_cosigned": list(log.not_cosigned),
        "missing_signatures": list(log.missing),
        "unlogged_signatures": list(log.unlogged),
        "newer": log.newer,
        "status_when_signed": dict(log.statuses),
    }
