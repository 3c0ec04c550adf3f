"""`proctor trust import`: two persons, a comparison on paper, and only then something is written."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.fingerprints import grouped
from proctor.roots import OpenRoot, ensure_training_root, second_person
from proctor.softcards import IMPORTER, open_workshop
from proctor.trusting import (
    CRL_ROLLED_BACK,
    CRL_UNLISTED,
    carry_out_logged,
    open_logged_trust,
    signer_of,
)
from readers.emrtd.pki.certificate import shown
from readers.emrtd.pki.chain import Scope
from readers.emrtd.pki.errors import CrlRolledBackError
from readers.emrtd.pki.importing import ImportPlan, NewItem, Voucher
from readers.emrtd.pki.store import PlannedImport, TrustStore
from readers.emrtd.pki.trust_file import TrustFile, read_trust_file
from sessions.errors import NoteFormatError
from sessions.pins import clean_fingerprint
from sessions.roles import require_may

MAX_TRUST_FILE = 256 * 1024 * 1024
"""The directory's whole download of signers and lists is about half of that."""
NOBODY = "—"
"""The second person of a dry run that names none: nothing is written."""


def import_file(context: Context) -> int:
    """Pin root certificates and take revocation lists from one file.

    The second person's password is the confirmation: it is asked for after everything that would be pinned was
    printed, and nothing is written before it was given. With --dry-run nothing is; --compared names the file that was
    looked at then."""
    options = context.options
    if options.second is None and not (options.training or options.dry_run):
        raise CommandError("second-missing", usage=True)
    data = read_file(options.file, MAX_TRUST_FILE)
    digest = hashlib.sha256(data).hexdigest()
    require_compared(options.compared, digest, options.file)
    file = read_trust_file(data)
    if options.training:
        return _import_for_training(context, file, digest)
    with context.open_real(login=True) as opened:
        operator = opened.require_login().operator
        require_may(operator, "trust")
        second = options.second
        if second == operator.user_id:
            raise CommandError("same-person", usage=True)
        trust = open_logged_trust(opened.root, opened.keys, opened.store)
        planned = _plan(context, opened, trust, file, digest)
        if planned.plan.new and not options.dry_run:
            _announce(context, planned.plan, digest)
            other = second_person(opened, second, context.ask, action="trust")
            sign = signer_of(opened.root, opened.keys)
            carry_out_logged(trust, planned, opened.store, sign=sign, by=operator, second=other, file=digest)
    _report(context, file, planned, digest)
    return 0


def _plan(
    context: Context, opened: OpenRoot, trust: TrustStore, file: TrustFile, digest: str
) -> PlannedImport:
    """Check the file. A revocation list that is older than the stored one, or lacks what that one revoked, is an
    alarm, and on record before it is told."""
    operator = opened.require_login().operator
    try:
        planned = trust.plan_import(
            file,
            by=operator.user_id,
            second=context.options.second or NOBODY,
            at=datetime.now(UTC),
            scope=_scope(context, file),
            source=digest,
        )
    except CrlRolledBackError as alarm:
        alarmed = {"event": CRL_ROLLED_BACK, "fingerprint": digest, **_as_text(alarm.facts)}
        opened.store.append("key", alarmed, operator=operator)
        raise
    for found in () if context.options.dry_run else planned.plan.unlisted:
        body = {"event": CRL_UNLISTED, "fingerprint": found.sha256, "count": found.count}
        opened.store.append("key", body, operator=operator)
    return planned


def _as_text(facts: Mapping[str, str | int]) -> dict[str, str]:
    """What a revocation list counts may be larger than a body's integers."""
    return {name: str(value) for name, value in facts.items()}


def _import_for_training(context: Context, file: TrustFile, digest: str) -> int:
    """Let training judge cards of other issuers, for trying them out: what training trusts admits nobody."""
    root = ensure_training_root(context.places.training)
    keys = root.unlock()
    _workshop, trust = open_workshop(root, keys)
    planned = trust.plan_import(
        file,
        by=IMPORTER,
        second=IMPORTER,
        at=datetime.now(UTC),
        scope=_scope(context, file),
        source=digest,
    )
    if planned.plan.new and not context.options.dry_run:
        _announce(context, planned.plan, digest)
        trust.carry_out(planned, signer_of(root, keys))
    _report(context, file, planned, digest)
    return 0


def _scope(context: Context, file: TrustFile) -> Scope:
    scope: Scope = context.options.scope or ("passport" if file.is_list else "identity-card")
    return scope


def typed_fingerprint(text: str | None) -> str | None:
    """Return a key's fingerprint as it was typed from paper, without spaces. Raises CommandError "bad-fingerprint"."""
    try:
        return None if text is None else clean_fingerprint(text)
    except NoteFormatError:
        raise CommandError("bad-fingerprint", usage=True, value=str(text)[:80]) from None


def require_compared(compared: str | None, fingerprint: str, file: str) -> None:
    """Raise CommandError "trust-file-changed" where a file is not the one that two persons compared beforehand.

    `compared`: the fingerprint that they compared, None where nothing was looked at before."""
    if compared is not None and typed_fingerprint(compared) != fingerprint:
        raise CommandError("trust-file-changed", file=Path(file).name)


def _announce(context: Context, plan: ImportPlan, digest: str) -> None:
    """Print what would be pinned, for comparison with paper."""
    if context.options.training:
        context.say("trust.training", count=len(plan.new))
    else:
        context.say("trust.compare", count=len(plan.new), second=context.options.second)
    context.say("trust.file", fingerprint=grouped(digest))
    for voucher in plan.vouchers:
        key = "trust.voucher-pinned" if voucher.pinned else "trust.voucher-own"
        context.say("trust.fingerprint", fingerprint=grouped(voucher.csca_sha256))
        context.say(key, country=shown(voucher.country))
    for number, made in enumerate(plan.new, start=1):
        _announce_item(context, number, made)
    for alarm in plan.unlisted:
        context.say("trust.unlisted", count=alarm.count, fingerprint=grouped(alarm.sha256))
    if plan.skipped:
        context.say("trust.skipped", count=len(plan.skipped))


def _announce_item(context: Context, number: int, made: NewItem) -> None:
    """The fingerprint stands alone, before anything that whoever made the file could write."""
    item = made.item
    context.say("trust.number", number=number, fingerprint=grouped(item.sha256))
    if item.kind == "crl":
        context.say("trust.item-crl", name=item.title)
        return
    scope = context.texts[f"trust.scope.{item.scope}"]
    context.say("trust.item-expired" if made.expired else "trust.item", scope=scope, name=item.title)


def _report(context: Context, file: TrustFile, planned: PlannedImport, digest: str) -> None:
    plan = planned.plan
    new = [made.item.kind for made in plan.new]
    skipped = [{"what": entry.what, "sha256": entry.sha256, "reason": entry.reason} for entry in plan.skipped]
    result: dict[str, Any] = {
        "kind": "csca" if file.certificates or file.master_lists or not file.crls else "crl",
        "form": file.form,
        "fingerprint": plan.fingerprints[0] if len(plan.fingerprints) == 1 else digest,
        "imported": {"csca": new.count("csca"), "crl": new.count("crl")},
        "expired": sum(made.expired for made in plan.new),
        "known": plan.known,
        "document_signers": plan.signers,
        "skipped": skipped,
        "unlisted": [{"sha256": alarm.sha256, "count": alarm.count} for alarm in plan.unlisted],
        "vouchers": [_voucher(voucher) for voucher in plan.vouchers],
        **planned.facts,
    }
    if context.options.dry_run:
        context.result({**result, **_planned(plan, digest)}, tuple(_planned_lines(context, plan)))
        return
    said = context.texts.say(
        "trust.imported",
        csca=new.count("csca"),
        crl=new.count("crl"),
        known=plan.known,
        signers=plan.signers,
        skipped=len(skipped),
    )
    rows = (f"{row['reason']}  {row['what']}  {row['sha256']}" for row in skipped)
    context.result(result, (said, *rows))


def _planned(plan: ImportPlan, digest: str) -> dict[str, Any]:
    """What would be pinned, one by one, for comparison with paper."""
    rows = [
        {
            "kind": made.item.kind,
            "sha256": made.item.sha256,
            "name": made.item.title,
            "scope": made.item.scope,
            "expired": made.expired,
        }
        for made in plan.new
    ]
    return {"dry_run": True, "file_sha256": digest, "new": rows}


def _planned_lines(context: Context, plan: ImportPlan) -> Iterator[str]:
    yield context.texts.say("trust.dry-run", count=len(plan.new), known=plan.known)
    for made in plan.new:
        yield grouped(made.item.sha256)
        yield f"  {made.item.title}"


def _voucher(voucher: Voucher) -> dict[str, Any]:
    return {
        "country": shown(voucher.country),
        "csca_sha256": voucher.csca_sha256,
        "signer_sha256": voucher.signer_sha256,
        "pinned_before": voucher.pinned,
        "certificates": voucher.certificates,
    }
