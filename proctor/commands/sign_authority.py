"""`proctor sheets authority …`: whose certificates count for signatures and time stamps. Two persons."""

from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.commands.trust_import import require_compared, typed_fingerprint
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.fingerprints import grouped
from proctor.roots import kind_at, require_another_user, second_person
from proctor.signing_authorities import (
    MAX_CRL_FILE,
    MAX_FILE,
    PURPOSES,
    Authority,
    is_pinned,
    load_authorities,
    pin,
    read_authority,
    take_crl,
    unpin,
    write_ocsp,
)
from proctor.signing_ocsp import is_address
from proctor.stamp_errors import StampSettingsError
from proctor.tsa_client import read_settings, write_address
from reports.certificate import certificate_fingerprint
from reports.session_sheet import moment
from reports.signing_revocation import read_crl
from reports.signing_status import name_of
from sessions.record import format_utc, parse_utc
from sessions.roles import require_may
from sessions.root import DataRoot
from sessions.vietnam import VIETNAM


def add(context: Context) -> int:
    """Pin one certificate. What is pinned is shown for a comparison with paper before the second person's password;
    with --dry-run only that is shown."""
    options = context.options
    if options.ocsp and not is_address(options.ocsp):
        raise CommandError("signing-address", usage=True)
    data = read_file(options.file, MAX_FILE)
    with _open(context) as opened:
        require_may(opened.require_login().operator, "trust")
        certificate = read_authority(data, options.purpose, datetime.now(UTC))
        fingerprint = certificate_fingerprint(certificate.public_bytes(Encoding.DER))
        require_compared(options.compared, fingerprint, options.file)
        second = None
        new = not is_pinned(opened.store, fingerprint, options.purpose)
        if options.dry_run:
            return _show(context, certificate, fingerprint, new=new)
        if new:
            require_another_user(opened, options.second)
            _compare(context, fingerprint, name_of(certificate.subject))
            second = second_person(opened, options.second, context.ask, action="trust")
        pin(opened, certificate, options.purpose, second)
        if options.ocsp is not None:
            write_ocsp(opened.root, fingerprint, options.ocsp)
    out = {"ok": True, "fingerprint": fingerprint, "purpose": options.purpose, "new": new}
    said = context.texts.say(
        "signing.authority-added" if new else "signing.authority-known", name=name_of(certificate.subject)
    )
    context.result(out, (said, grouped(fingerprint)))
    return 0


def _show(context: Context, certificate: Any, fingerprint: str, *, new: bool) -> int:
    """Say what two persons compare with paper; nothing is entered."""
    name, until = name_of(certificate.subject), format_utc(certificate.not_valid_after_utc)
    data = {"ok": True, "dry_run": True, "fingerprint": fingerprint, "name": name, "until": until}
    purpose = context.options.purpose
    context.result({**data, "purpose": purpose, "new": new}, (grouped(fingerprint), name))
    return 0


def remove(context: Context) -> int:
    """Enter that a certificate does not count any more, for one purpose or for all it was pinned for."""
    options = context.options
    wanted = typed_fingerprint(options.fingerprint)
    with _open(context) as opened:
        require_may(opened.require_login().operator, "trust")
        purposes = [
            each
            for each in PURPOSES
            if is_pinned(opened.store, str(wanted), each) and options.purpose in {None, each}
        ]
        if not purposes:
            raise CommandError("signing-authority-unknown", fingerprint=str(wanted)[:16])
        require_another_user(opened, options.second)
        _compare(context, str(wanted), ", ".join(purposes))
        second = second_person(opened, options.second, context.ask, action="trust")
        for purpose in purposes:
            unpin(opened, str(wanted), purpose, second)
    said = context.texts.say("signing.authority-removed")
    context.result({"ok": True, "fingerprint": wanted, "purposes": purposes}, (said, grouped(str(wanted))))
    return 0


def listing(context: Context) -> int:
    """List what is pinned, the revocation lists, and what does not agree with the log: then the exit status is 1."""
    with _open(context, login=False) as opened:
        known = load_authorities(opened.root, opened.store)
    now = datetime.now(UTC)
    pinned = [_authority(each) for each in known.pinned]
    lists = []
    for each in known.crls:
        crl = read_crl(each.data)
        end = None if crl is None else crl.next_update_utc
        lists.append(
            {
                "fingerprint": each.fingerprint,
                "issuer": certificate_fingerprint(each.issuer),
                "number": each.number,
                "this_update": format_utc(each.this_update),
                "next_update": None if end is None else format_utc(end),
                "stale": end is None or end < now,
                "revoked": 0 if crl is None else len(crl),
            }
        )
    found = [{"code": each.code, "fingerprint": each.fingerprint} for each in known.findings]
    data = {"ok": not found, "authorities": pinned, "revocation_lists": lists, "findings": found}
    context.result(data, tuple(_lines(context, data)))
    return 0 if not found else 1


def _authority(known: Authority) -> dict[str, Any]:
    parsed = known.parsed
    return {
        "fingerprint": known.fingerprint,
        "name": name_of(parsed.subject),
        "until": format_utc(parsed.not_valid_after_utc),
        "purposes": list(known.purposes),
        "ocsp": known.ocsp,
    }


def _day(text: str) -> str:
    return parse_utc(text).astimezone(VIETNAM).strftime("%d/%m/%Y")


def _moment(text: str | None) -> str:
    return moment(None if text is None else parse_utc(text))


def _lines(context: Context, data: dict[str, Any]) -> list[str]:
    say = context.texts.say
    lines = []
    for row in data["authorities"]:
        words = ", ".join(say(f"signing.purpose-{each}") for each in row["purposes"])
        lines += [
            grouped(row["fingerprint"]),
            say("signing.authority-row", name=row["name"], until=_day(row["until"]), purposes=words),
        ]
        if row["ocsp"]:
            lines.append(say("signing.authority-ocsp", address=row["ocsp"]))
    for row in data["revocation_lists"]:
        key = "signing.crl-stale" if row["stale"] else "signing.crl-row"
        until = _moment(row["next_update"])
        lines += [
            grouped(row["fingerprint"]),
            say(key, number=row["number"] or "—", until=until, revoked=row["revoked"]),
        ]
    lines += [
        say(f"signing.found-{row['code']}", fingerprint=grouped(row["fingerprint"]))
        for row in data["findings"]
    ]
    return lines or [say("signing.authority-none")]


def crl(context: Context) -> int:
    """Take a newer revocation list. One person: whoever issues the certificates signed it."""
    options = context.options
    data = read_file(options.file, MAX_CRL_FILE)
    issuer = None if options.issuer is None else read_file(options.issuer, MAX_FILE)
    with _open(context) as opened:
        require_may(opened.require_login().operator, "trust")
        taken, fresh = take_crl(opened, data, issuer, datetime.now(UTC))
    out = {
        "ok": True,
        "fingerprint": taken.fingerprint,
        "issuer": certificate_fingerprint(taken.issuer),
        "number": taken.number,
        "this_update": format_utc(taken.this_update),
        "new": fresh,
    }
    key = "signing.crl-taken" if fresh else "signing.crl-known"
    said = context.texts.say(key, number=taken.number or "—", at=moment(taken.this_update))
    context.result(out, (said,))
    return 0


def service(context: Context) -> int:
    """Say whom the station asks for the time of a signed sheet, or with --url set it; "" asks nobody."""
    url = context.options.url
    with _open(context, login=url is not None) as opened:
        if url is not None:
            require_may(opened.require_login().operator, "trust")
            write_address(opened.root, url)
        known = _address(opened.root)
    key = "signing.service" if known else "signing.service-none"
    context.result({"ok": True, "url": known}, (context.texts.say(key, address=known),))
    return 0


def _address(root: DataRoot) -> str:
    """Return the address in a root's settings, "" where there are none. Raises StampSettingsError."""
    try:
        return read_settings(root).url
    except StampSettingsError as error:
        if error.facts.get("why") != "missing":
            raise
        return ""


def _compare(context: Context, fingerprint: str, name: str) -> None:
    """Print what the second person's password will confirm; the fingerprint stands alone on its line."""
    context.say("signing.compare", second=context.options.second)
    context.say("trust.fingerprint", fingerprint=grouped(fingerprint))
    context.say("signing.compare-name", name=name)


def _open(context: Context, *, login: bool = True) -> Any:
    training = context.options.training or kind_at(context.places.real) == "training"
    return open_for(context, training=training, login=login)
