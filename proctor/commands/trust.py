"""`proctor trust …`: station keys, root certificates, revocation lists."""

import hashlib
from datetime import UTC, datetime

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import ensure_training_root, machine_pins, open_real, require_real_root
from proctor.trusting import IMPORT_BEGUN, open_logged_trust, open_trust_read_only, signer_of
from readers.emrtd.pki.certificate import read_pem_or_der
from readers.emrtd.pki.errors import CertificateMalformedError, TrustStoreMissingError
from readers.emrtd.pki.store import StoredItem
from sessions.pins import StationPins
from sessions.roles import require_may
from sessions.users import authenticate, require_logged

MAX_TRUST_FILE = 4 * 1024 * 1024


def import_station(context: Context) -> int:
    """Believe one station's key from a .vkey file."""
    text = read_file(context.options.file, 4096).decode("utf-8", errors="replace").strip()
    pins = StationPins.load(context.places.pins).add(text)
    key = next(key for key in pins.keys if key.encode() == text)
    data = {"origin": key.name, "fingerprint": key.fingerprint}
    context.result(data, (context.texts.say("result.station", **data),))
    return 0


def list_stations(context: Context) -> int:
    """List the station keys this machine believes."""
    keys = machine_pins(context.places).list()
    rows = [{"origin": key.name, "fingerprint": key.fingerprint, "vkey": key.encode()} for key in keys]
    context.result({"stations": rows}, tuple(f"{row['fingerprint']}  {row['origin']}" for row in rows))
    return 0


def import_anchor(context: Context) -> int:
    """Pin a root certificate or take a revocation list; two persons, one entry in the log."""
    options = context.options
    data = read_file(options.file, MAX_TRUST_FILE)
    with open_real(context.places.real, by=options.by, ask=context.ask, login=True) as opened:
        login = opened.require_login()
        require_may(login.operator, "trust")
        by, second = login.operator.user_id, options.second
        if second == by:
            raise CommandError("same-person", usage=True)
        other = authenticate(opened.root, second, context.ask(second))
        require_may(require_logged(opened.store, other), "trust")
        kind = "csca" if _is_certificate(data) else "crl"
        store = open_logged_trust(opened.root, opened.keys, opened.store)
        begun = {"event": IMPORT_BEGUN, "fingerprint": _fingerprint(data, kind), "second": second}
        opened.store.append("key", begun, operator=login.operator)
        at, sign = datetime.now(UTC), signer_of(opened.root, opened.keys)
        if kind == "csca":
            fingerprint = store.import_certificate(
                data, by=by, second=second, at=at, sign=sign, scope=options.scope
            )
        else:
            fingerprint = store.import_crl(data, by=by, at=at, sign=sign)
        body = {"event": f"{kind}-imported", "fingerprint": fingerprint, "second": second, **store.facts}
        opened.store.append("key", body, operator=login.operator)
    result = {"kind": kind, "fingerprint": fingerprint, **store.facts}
    context.result(result, (context.texts.say("result.anchor", kind=kind.upper(), fingerprint=fingerprint),))
    return 0


def _fingerprint(data: bytes, kind: str) -> str:
    return read_pem_or_der(data).fingerprint if kind == "csca" else hashlib.sha256(data).hexdigest()


def _is_certificate(data: bytes) -> bool:
    try:
        read_pem_or_der(data)
    except CertificateMalformedError:
        return False
    return True


def list_anchors(context: Context) -> int:
    """List root certificates and revocation lists."""
    root = (
        ensure_training_root(context.places.training)
        if context.options.training
        else require_real_root(context.places.real)
    )
    try:
        store = open_trust_read_only(root)
    except TrustStoreMissingError:
        context.result({"anchors": [], "revocation_lists": [], "version": 0, "sha256": ""}, ())
        return 0
    anchors = [_row(item) for item in store.list() if item.kind == "csca"]
    lists = [_row(item) for item in store.list() if item.kind == "crl"]
    data = {
        "anchors": anchors,
        "revocation_lists": lists,
        "version": store.facts["store_version"],
        "sha256": store.facts["store_sha256"],
    }
    lines = [f"{row['kind']}  {row['sha256']}  {row['subject']}" for row in (*anchors, *lists)]
    context.result(data, tuple(lines))
    return 0


def _row(item: StoredItem) -> dict[str, str | int]:
    return {
        "kind": item.kind,
        "sha256": item.sha256,
        "subject": item.subject,
        "scope": item.scope,
        "at": item.at,
    }
