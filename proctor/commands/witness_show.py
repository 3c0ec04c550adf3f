"""Witnesses and what they did, as they are shown."""

from datetime import UTC, datetime
from typing import Any

from proctor.commands.context import Context
from proctor.commands.show import reason_json
from proctor.witness.cosigning import Outcome
from sessions.cosignature import CosignerKey, Kind
from sessions.witnesses import Witness


def key_json(key: CosignerKey) -> dict[str, Any]:
    """A witness's key as docs/json.md has it."""
    kind = "ed25519" if key.kind is Kind.ED25519 else "ml-dsa-44"
    return {"name": key.name, "key_id": key.key_id, "kind": kind, "fingerprint": key.fingerprint}


def witness_json(witness: Witness) -> dict[str, Any]:
    """A witness as docs/json.md has it."""
    return {
        **key_json(witness.key),
        "address": witness.address,
        "tls_pin": witness.tls_pin,
        "required": witness.required,
    }


def outcome_json(found: Outcome) -> dict[str, Any]:
    """What one witness did, as docs/json.md has it."""
    reason: dict[str, Any] = {"code": "ok"}
    if found.error is not None:
        reason = reason_json(found.error.code, found.error.facts)
    return {
        **witness_json(found.witness),
        **reason,
        "signed": found.cosignature is not None,
        "at": None if found.cosignature is None else stamp(found.cosignature.at),
        "alarm": found.alarm,
        "erasures_left": found.cosignature is not None and found.unleft is None,
    }


def outcome_line(context: Context, found: Outcome) -> str:
    """What one witness did, for a person."""
    text = "" if found.error is None else context.texts.say(found.error.code, **found.error.facts)
    if found.cosignature is not None:
        text = context.texts.say("witness.signed", at=stamp(found.cosignature.at), size=found.size)
    if found.unleft is not None:
        text += " " + context.texts.say("witness.unleft", reason=found.unleft.code)
    return f"{found.witness.name}  {found.witness.key.key_id}  {text}"


def stamp(at: int) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
