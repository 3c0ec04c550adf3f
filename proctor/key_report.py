"""What may be said of a station's keys: where they lie, fingerprints, since which entry. Never a secret."""

import hashlib
from typing import Any

from proctor.roots import OpenRoot
from proctor.sheets import seal_certificate
from sessions.department_pin import EVENT, pinned
from sessions.errors import DepartmentNotPinnedError
from sessions.keyschedule import KeySchedule
from sessions.reader import LogReader
from sessions.users import logged_users


def key_report(opened: OpenRoot) -> dict[str, Any]:
    """Return the report as docs/json.md has it. Raises DepartmentAlteredError, StoreError."""
    root, store, bundle = opened.root, opened.store, opened.keys.bundle
    schedule = _schedule(store)
    present = schedule.periods[-1]
    slots = set(root.keys.slot_ids())
    return {
        "origin": store.origin,
        "custody": root.keys.custody,
        "generation": root.keys.generation,
        "signing": {
            "custody": bundle.signing_custody,
            "fingerprint": present.key.fingerprint,
            "vkey": present.key.encode(),
            "since": present.seq,
            "token": None if bundle.token is None else _token(bundle.token.as_fields()),
        },
        "earlier": [
            {
                "fingerprint": period.key.fingerprint,
                "vkey": period.key.encode(),
                "until": following.first_size - 1,
            }
            for period, following in zip(schedule.periods, schedule.periods[1:], strict=False)
        ],
        "seal": {"certificate": hashlib.sha256(seal_certificate(root, opened.keys)).hexdigest()},
        "secrets": {"since": _since(store, "secrets-rotated") or 0},
        "evidence": {"used": store.evidence_keys.taken, "slots": store.evidence_keys.slots},
        "department": _department(opened),
        "users": [
            {"id": user, "role": role, "slot": user in slots}
            for user, role in sorted(logged_users(store).items())
        ],
    }


def _schedule(store: LogReader) -> KeySchedule:
    schedule = KeySchedule()
    entries = (*store.entries("key"), *store.entries("epoch"))
    for entry in sorted(entries, key=lambda entry: entry.seq):
        schedule.add(entry.seq, entry.body)
    return schedule


def _since(store: LogReader, event: str) -> int | None:
    found = [entry.seq for entry in store.entries("key") if entry.body["event"] == event]
    return found[-1] if found else None


def _department(opened: OpenRoot) -> dict[str, Any] | None:
    try:
        key = pinned(opened.root, opened.store)
    except DepartmentNotPinnedError:
        return None
    return {"name": key.name, "fingerprint": key.fingerprint, "since": _since(opened.store, EVENT)}


def _token(fields: dict[str, str]) -> dict[str, str]:
    return {"library": fields["library"], "token": fields["token"], "key": fields["label"]}
