"""`proctor trust …`: station keys, and what is in the store of root certificates and revocation lists."""

from datetime import UTC, datetime
from typing import Any

from proctor.commands.context import Context
from proctor.commands.trust_import import typed_fingerprint
from proctor.commands.trust_log import tell_log
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.fingerprints import grouped
from proctor.roots import ensure_training_root, machine_pins, require_real_root
from proctor.trusting import (
    AGREES,
    NOT_KEPT,
    NOT_READ,
    compared_trust,
    open_logged_trust,
    open_trust_read_only,
)
from readers.emrtd.lds.texts import escape
from readers.emrtd.pki.certificate import shown
from readers.emrtd.pki.crl import MAX_AGE_DAYS, Crl, read_crl
from readers.emrtd.pki.errors import TrustStoreMissingError
from readers.emrtd.pki.profile import csca_deviations
from readers.emrtd.pki.public_key import load_public_key
from readers.emrtd.pki.store import TrustStore
from readers.emrtd.pki.store_check import check_store
from readers.emrtd.pki.stored_item import StoredItem
from sessions.checkpoint import VerifierKey
from sessions.pins import StationPins
from sessions.root import DataRoot

MIN_PREFIX = 4


def import_station(context: Context) -> int:
    """Believe one station's key from a .vkey file; with --replace in the place of the one believed so far."""
    text = read_file(context.options.file, 4096).decode("utf-8", errors="replace").strip()
    known = StationPins.load(context.places.pins)
    key = VerifierKey.parse(text)
    former = known.key_of(key.name)
    replaced = former.fingerprint if former is not None and former != key else None
    known.add(text, replace=typed_fingerprint(context.options.replace))
    data = {"origin": key.name, "fingerprint": key.fingerprint, "replaced": replaced}
    say = context.texts.say
    lines = [say("result.station", origin=key.name, fingerprint=key.fingerprint)]
    if replaced is not None:
        lines.append(say("result.station-replaced", fingerprint=replaced))
    context.result(data, tuple(lines))
    return 0


def list_stations(context: Context) -> int:
    """List the station keys this machine believes."""
    keys = machine_pins(context.places).list()
    rows = [{"origin": key.name, "fingerprint": key.fingerprint, "vkey": key.encode()} for key in keys]
    context.result({"stations": rows}, tuple(f"{row['fingerprint']}  {row['origin']}" for row in rows))
    return 0


def _root(context: Context) -> DataRoot:
    if context.options.training:
        return ensure_training_root(context.places.training)
    return require_real_root(context.places.real)


def list_anchors(context: Context) -> int:
    """List root certificates and revocation lists."""
    try:
        store, log = _open_compared(context, _root(context))
    except TrustStoreMissingError:
        missing = {"anchors": [], "revocation_lists": [], "version": 0, "sha256": ""}
        context.result({**missing, "log": tell_log(context, NOT_READ)}, ())
        return 0
    tell_log(context, log)
    anchors = [_row(item) for item in store.list() if item.kind == "csca"]
    lists = [_row(item) for item in store.list() if item.kind == "crl"]
    data = {"anchors": anchors, "revocation_lists": lists, "log": log, **_version(store)}
    lines = (
        line
        for row in (*anchors, *lists)
        for line in (f"{row['kind']:4}  {row['sha256']}  {row['scope']}".rstrip(), f"      {row['name']}")
    )
    context.result(data, tuple(lines))
    return 0


def _version(store: TrustStore) -> dict[str, str | int]:
    return {"version": store.facts["store_version"], "sha256": store.facts["store_sha256"]}


def _row(item: StoredItem) -> dict[str, str | int]:
    return {
        "kind": item.kind,
        "sha256": item.sha256,
        "subject": escape(item.subject),
        "name": item.title,
        "country": shown(item.country),
        "scope": item.scope,
        "by": item.by,
        "second": item.second,
        "at": item.at,
    }


def show_item(context: Context) -> int:
    """Show one root certificate or revocation list, named by its fingerprint or the beginning of it."""
    store = open_trust_read_only(_root(context))
    item = _item_named(store, context.options.fingerprint)
    data = _crl_details(store, item) if item.kind == "crl" else _anchor_details(store, item)
    shown = {**data, "sha256": grouped(item.sha256)}
    lines = [f"{name}: {value}" for name, value in shown.items() if value not in ("", None)]
    context.result(data, tuple(lines))
    return 0


def _item_named(store: TrustStore, text: str) -> StoredItem:
    """The item whose SHA-256 begins so. Raises CommandError "trust-item-unknown", "trust-item-ambiguous"."""
    prefix = "".join(text.split()).replace(":", "").lower()
    found = [item for item in store.list() if item.sha256.startswith(prefix)]
    if not found or len(prefix) < MIN_PREFIX:
        raise CommandError("trust-item-unknown", prefix=prefix[:64], least=MIN_PREFIX)
    if len(found) > 1:
        raise CommandError("trust-item-ambiguous", prefix=prefix[:64], count=len(found))
    return found[0]


def _anchor_details(store: TrustStore, item: StoredItem) -> dict[str, Any]:
    certificate = store.anchor(item).certificate
    key, usage = load_public_key(certificate.spki), certificate.usage_period
    crl = store.crl_of(certificate.subject.key, "passport" if item.scope == "passport" else "identity-card")
    return {
        **_row(item),
        "subject": certificate.subject.display,
        "issuer": certificate.issuer.display,
        "serial": f"{certificate.serial:x}",
        "not_before": _time(certificate.validity.start),
        "not_after": _time(certificate.validity.end),
        "key_used_from": _time(usage.start if usage else None),
        "key_used_until": _time(usage.end if usage else None),
        "key": key.label,
        "explicit_parameters": key.explicit,
        "key_id": certificate.key_id.hex(),
        "signature": certificate.algorithm.label,
        "link_of": item.link,
        "source": item.source,
        "deviations": list(csca_deviations(certificate)),
        "crl": None if crl is None else _crl(crl),
    }


def _crl_details(store: TrustStore, item: StoredItem) -> dict[str, Any]:
    return {**_row(item), **_crl(read_crl(store.read_item(item)))}


def _crl(crl: Crl) -> dict[str, Any]:
    age = crl.age_days(datetime.now(UTC))
    return {
        "sha256": crl.fingerprint,
        "number": None if crl.number is None else str(crl.number),
        "this_update": _time(crl.this_update),
        "age_days": age,
        "stale": age >= MAX_AGE_DAYS,
        "next_update": _time(crl.next_update),
        "revoked": len(crl.serials),
        "revoked_earlier": len(crl.earlier),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def verify_store(context: Context) -> int:
    """Check the store whole: signature, files, every certificate and list, and the log where it can be read."""
    store, log = _open_compared(context, _root(context))
    findings = check_store(store, datetime.now(UTC))
    rows = [{"code": found.code, "sha256": found.sha256, "name": found.name} for found in findings]
    counts = {kind: sum(item.kind == kind for item in store.list()) for kind in ("csca", "crl")}
    data = {"ok": not rows, "findings": rows, "log": log, **counts, **_version(store)}
    lines = [
        line
        for row in rows
        for line in (row["sha256"], f"  {context.texts[row['code']]}", f"  {row['name']}")
    ]
    log_text = context.texts[f"trust.log.{log}"]
    lines.append(context.texts.say("trust.verified" if not rows else "trust.unsound", log=log_text, **counts))
    context.result(data, tuple(lines))
    return 0 if not rows else 1


def _open_compared(context: Context, root: DataRoot) -> tuple[TrustStore, str]:
    """Open the store, compared with the log's last import where somebody logs in or the keyring opens the log.

    Raises TrustStoreMissingError, TrustStoreAlteredError also where they differ."""
    if context.options.training:
        return open_trust_read_only(root), NOT_KEPT
    if context.options.by is None:
        return compared_trust(root)
    with context.open_real(login=False) as opened:
        return open_logged_trust(opened.root, opened.keys, opened.store), AGREES
