"""`proctor sheets sign` and `proctor sheets token`: an official's own signature on a sheet."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec

from proctor.commands.context import Context
from proctor.commands.session import open_session
from proctor.errors import CommandError
from proctor.fingerprints import grouped
from proctor.signing import Order, Proposal, SignedSheet, SigningDesk
from proctor.signing_token import HeldToken, TokenCertificate, held_token
from proctor.tokens import USER_PIN
from reports.signing_status import may_sign, name_of
from sessions.record import format_utc, parse_utc
from sessions.vietnam import VIETNAM

_TOLD: Final = ("few", "last", "none")
"""Of how many tries at the PIN somebody has to know before one is used up."""


def token(context: Context) -> int:
    """List the certificates in a token. Nobody logs in, no PIN is asked for."""
    held = held_token(context.options.token, context.options.token_label)
    rows = [_certificate(each) for each in held.certificates]
    say, now = context.texts.say, datetime.now(UTC)
    lines = [say("signing.token", token=held.label)]
    for row in rows:
        lines += [
            say("signing.token-certificate", label=row["label"], fingerprint=grouped(row["fingerprint"])),
            say(
                f"signing.token-{row['use']}",
                holder=row["holder"],
                issuer=row["issuer"],
                until=parse_utc(row["until"]).astimezone(VIETNAM).strftime("%d/%m/%Y"),
            ),
        ]
        if row["use"] == "signs" and parse_utc(row["until"]) < now:
            lines[-1] = say("signing.token-ended", line=lines[-1])
    if held.tries in _TOLD:
        lines.append(say(f"signing.tries-{held.tries}"))
    context.result({"ok": True, "token": held.label, "tries": held.tries, "certificates": rows}, tuple(lines))
    return 0


def _certificate(found: TokenCertificate) -> dict[str, str]:
    parsed = found.parsed
    signs = "signs" if may_sign(parsed) else "other"
    return {
        "label": found.label,
        "fingerprint": found.fingerprint,
        "holder": name_of(parsed.subject),
        "issuer": name_of(parsed.issuer),
        "until": format_utc(parsed.not_valid_after_utc),
        "key": "ec" if isinstance(parsed.public_key(), ec.EllipticCurvePublicKey) else "rsa",
        "use": "authority" if found.authority else signs,
    }


def sign(context: Context) -> int:
    """Sign one field of a sheet with the key in an official's token. The PIN is asked for last."""
    options = context.options
    if options.field is None and options.role is None:
        raise CommandError("signing-which", usage=True)
    order = Order(
        file=Path(options.file),
        field=options.field,
        role=options.role,
        out=Path(options.out) if options.out else None,
    )
    with open_session(context, options.session, login=True) as (opened, session):
        desk = SigningDesk(opened, session)
        _tell_findings(context, desk)
        standing = desk.stand(order)
        cut = desk.unfinished(order, standing)
        if cut is not None:
            done = desk.recover(cut, order.file if cut is standing else desk.place_of(order, standing))
        else:
            held = held_token(options.token, options.token_label)
            proposal = desk.propose(order, standing, held, options.certificate)
            _announce(context, session.session_id, order, proposal, held)
            user = opened.require_login().operator.user_id
            done = desk.sign(proposal, held, lambda: context.ask(f"{user}{USER_PIN}"))
    _report(context, session.session_id, done)
    return 0


def _tell_findings(context: Context, desk: SigningDesk) -> None:
    for found in desk.authorities.findings:
        context.say(f"signing.found-{found.code}", fingerprint=grouped(found.fingerprint))


def _announce(context: Context, session: str, order: Order, proposal: Proposal, held: HeldToken) -> None:
    """Tell whoever is about to give the PIN what it will sign."""
    parsed = proposal.holder.parsed
    context.say(
        "signing.about",
        file=order.file.name,
        out=proposal.out.name,
        session=session,
        kind=_kind(context, proposal),
        field=proposal.place.name,
        role=proposal.place.role,
        holder=name_of(parsed.subject),
        issuer=name_of(parsed.issuer),
    )
    context.say(f"signing.status-{proposal.judged.status}")
    if held.tries in _TOLD:
        context.say(f"signing.tries-{held.tries}")


def _kind(context: Context, proposal: Proposal) -> str:
    """Return what the sheet is, as the entry that printed it says."""
    kind = str(proposal.standing.printed["sheet"])
    key = f"picture.kind.{kind}"
    return context.texts.say(key) if key in context.texts else kind


def _report(context: Context, session: str, done: SignedSheet) -> None:
    data: dict[str, Any] = {
        "ok": True,
        "session": session,
        "file": str(done.path),
        "pdf_sha256": done.pdf_sha256,
        "signed_sha256": done.signed_sha256,
        "field": done.place.name,
        "role": done.place.role,
        "holder": done.holder,
        "certificate": done.certificate,
        "authority": done.judged.authority,
        "status": done.judged.status.value,
        "entry": done.seq,
        "recovered": done.recovered,
    }
    key = "signing.recovered" if done.recovered else "signing.done"
    said = context.texts.say(
        key, file=str(done.path), role=done.place.role, holder=done.holder, field=done.place.name
    )
    context.result(data, (said, context.texts.say(f"signing.status-{done.judged.status}")))
