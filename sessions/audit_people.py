"""The part of verification that asks who: operators and second persons are users that earlier entries name, and sign
what they answer for. Form: docs/log-format.md, "People", "Signatures of persons".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sessions.checkpoint import VerifierKey
from sessions.errors import NoteFormatError
from sessions.events import STATION_ID, is_user
from sessions.people_register import Register, key_named
from sessions.people_roles import ADDERS, NEVER_SECOND, OF_SESSIONS, is_for, may_operate
from sessions.people_signing import OF_OPERATOR, SIGNATURES, fault
from sessions.record import parse_utc

_REAL: Final = "proctor.real/"
_OWN: Final = frozenset({"user-key", "user-totp"})
"""What one does for oneself only."""
_OTHERS: Final = frozenset({"user-enrolled", "user-role", "user-disabled", "user-enabled", "user-unlocked"})
"""What two others do."""
_STRONG: Final = ("token", "card-face")
_PRESENCE_S: Final = 600
"""How long card and face prove presence, in seconds."""

Add = Callable[..., None]
"""Takes a finding: code, then `seq` and `why`."""


class People:
    """Takes the bodies in order; `heads` are the tree heads that signatures are bound to: number of the entry, size,
    root.

    A training log asks nobody who a second person is, and its operators only once it has a user at all. `partial`: not
    all entries are given (a pack), so that a presence may be one that is not seen.
    """

    def __init__(self, add: Add, *, partial: bool = False) -> None:
        self._add, self._partial = add, partial
        self._register = Register()
        self._nonces: set[str] = set()
        self._presences: dict[int, Mapping[str, Any]] = {}
        self._used: set[int] = set()
        self._mute: set[str] = set()
        """Added without a key when others had one: they confirm nothing until two others give them one."""
        self.heads: list[tuple[int, int, str]] = []

    def entry(self, seq: int, body: Mapping[str, Any]) -> None:
        """Take in the next entry; entries of schema 1 only name users."""
        event = body.get("event") if body["kind"] == "key" else None
        if body["schema"] < 2:
            if event == "user-added":
                self._added(seq, body)
            return
        real, wanted = body["origin"].startswith(_REAL), self._wanted(body)
        first = event == "user-added" and not self._register.roles
        if first:
            self._added(seq, body)
        good = self._persons(seq, body, real=real)
        good = self._signatures(seq, body, wanted, real=real) and good
        if not good:
            return
        if body["kind"] == "presence" and is_user(body.get("second")):
            self._presences[seq] = body
        elif event == "user-added" and not first:
            self._added(seq, body)
        elif event is not None and type(body.get("user")) is str and not first:
            self._changed(seq, str(event), body)

    # -- who --------------------------------------------------------------------------------------

    def _persons(self, seq: int, body: Mapping[str, Any], *, real: bool) -> bool:
        """Whether operator and second person are users who may do this."""
        operator, second, known = body["operator"], body.get("second"), self._register.roles
        good = True
        if (real or known) and operator["id"] != STATION_ID and not self._knows(operator):
            good = self._order(seq, "operator")
        if not real:
            return good
        if operator["id"] != STATION_ID and not may_operate(body["kind"], operator["role"]):
            good = self._order(seq, "operator-role")
        if self._alone(body):
            good = self._order(seq, "second")
        if isinstance(second, dict) and is_user(second):
            good = self._second(seq, body, second) and good
            if {second["id"], operator["id"]} & self._mute:
                good = self._order(seq, "second-unkeyed")
        return good

    def _alone(self, body: Mapping[str, Any]) -> bool:
        """Whether one person alone did what takes two since people have keys of their own: let a pack leave, add a user
        where two others could have done it.
        """
        if "second" in body:
            return False
        if body["kind"] == "key" and body.get("event") == "user-added" and type(body.get("user")) is str:
            return self._register.add_takes_two(body["user"])
        exported = body["kind"] == "export" and body.get("what") == "pack"
        return exported and body["operator"]["id"] in self._register.keys

    def _order(self, seq: int, why: str) -> bool:
        self._add("log-altered-order", seq=seq, why=why)
        return False

    def _added(self, seq: int, body: Mapping[str, Any]) -> None:
        """Learn a user and the role; the first one is added by himself, every other by somebody known. An entry that is
        not so names nobody.
        """
        user, role, by = body.get("user"), body.get("role"), body["operator"]
        if type(user) is not str or type(role) is not str:
            return  # said by its type already
        known, register = user in self._register.people, self._register
        keyed, real = bool(register.keys), str(body["origin"]).startswith(_REAL)
        if not (self._knows(by) if register.roles else by.get("id") == user):
            return
        if real and register.roles and (by["role"] not in ADDERS or (keyed and not self._signs(body))):
            self._order(seq, "adder")
        elif known and (register.roles.get(user) != role or "vkey" in body):
            self._order(seq, "user")  # whoever is there is changed by other entries, of two persons
        elif not known and self._key(seq, body):
            register.take(seq, body)
            if real and keyed and user not in register.keys:
                self._mute.add(user)

    def _signs(self, body: Mapping[str, Any]) -> bool:
        """Whether the operator of an entry has a key, and it is of the schema that persons sign."""
        return body["schema"] >= 2 and body["operator"]["id"] in self._register.keys

    def _knows(self, person: Any) -> bool:
        """Whether this is a user in the role that the log gave; of schema 1 it may be anything."""
        return is_user(person) and self._register.roles.get(person["id"]) == person["role"]

    def _second(self, seq: int, body: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
        if not self._knows(second):
            return self._order(seq, "second")
        role = second["role"]
        if role in NEVER_SECOND or (role in OF_SESSIONS and "session" not in body):
            return self._order(seq, "second-role")
        return True

    # -- what is signed ---------------------------------------------------------------------------

    def _signatures(
        self, seq: int, body: Mapping[str, Any], wanted: Mapping[str, VerifierKey], *, real: bool
    ) -> bool:
        """Hold the signatures of an entry against the keys that the log names for its persons."""
        found, why = body.get(SIGNATURES), None
        if found is not None or wanted:
            why = fault(body, wanted)
        if why is None and isinstance(found, dict):
            if found["nonce"] in self._nonces:
                why = "nonce"
            self._nonces.add(found["nonce"])
            self.heads.append((seq, found["size"], found["root"]))
        why = why or self._unproven(seq, body, real=real)
        if why is not None:
            self._add("log-altered-signature", seq=seq, why=why)
        return why is None

    def _wanted(self, body: Mapping[str, Any]) -> dict[str, VerifierKey]:
        """Return whose signatures an entry needs: by part, the key."""
        register, second = self._register, body.get("second")
        found: dict[str, VerifierKey | None] = {}
        if is_user(second) and isinstance(second, dict):
            found["operator"] = register.keys.get(body["operator"]["id"])
            found["second"] = register.keys.get(second["id"])
            if second.get("proof") == "token":
                found["token"] = register.tokens.get(second["id"])
        elif body["kind"] == "key" and body.get("event") in OF_OPERATOR:
            found["operator"] = register.keys.get(body["operator"]["id"])
        return {part: key for part, key in found.items() if key is not None}

    def _unproven(self, seq: int, body: Mapping[str, Any], *, real: bool) -> str | None:
        """Return what is wrong with the proof of presence of a second person, or None. In training only those who have
        a key are asked.
        """
        second = body.get("second")
        if not isinstance(second, dict) or not is_user(second) or second.get("proof") not in _STRONG:
            return None
        if second["id"] not in self._register.keys:
            return "proof-unkeyed" if real else None
        if second["proof"] == "token":
            return None if second["id"] in self._register.tokens else "token-unregistered"
        return None if self._was_present(seq, body, second) else "presence"

    def _was_present(self, seq: int, body: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
        """Whether card and face of the second person were read for this entry, once, shortly before."""
        place, user = second.get("presence"), second["id"]
        if type(place) is not int or place >= seq or place in self._used:
            return False
        self._used.add(place)
        shown = self._presences.get(place)
        if shown is None:
            return self._partial
        if (shown.get("user"), shown.get("outcome"), shown["second"]["id"]) != (user, "passed", user):
            return False
        if shown.get("card") != self._register.cards.get(user) or shown.get("card") is None:
            return False
        if shown["operator"] != body["operator"] or body.get("session") not in {None, shown.get("session")}:
            return False
        return is_for(shown, body) and ("rotation" in body or _shortly(shown, body))

    # -- what changes -----------------------------------------------------------------------------

    def _changed(self, seq: int, event: str, body: Mapping[str, Any]) -> None:
        """Take in an entry about a user, if who made it may."""
        user, second = body["user"], body.get("second")
        persons = {body["operator"]["id"], second.get("id") if isinstance(second, dict) else None}
        wrong = event in _OWN and user != body["operator"]["id"]
        wrong |= event in _OTHERS and user in persons and (event != "user-enrolled" or "vkey" in body)
        wrong |= event in {"user-token", "user-card"} and user not in persons
        wrong |= event == "user-key" and user in self._mute
        if wrong:
            self._order(seq, "user")
        elif self._key(seq, body):
            if event == "user-enrolled" and "vkey" in body and user in self._register.keys:
                self._add("user-key-replaced", seq=seq)
            self._register.take(seq, body)
            if event == "user-enrolled" and "vkey" in body:
                self._mute.discard(user)

    def _key(self, seq: int, body: Mapping[str, Any]) -> bool:
        """Whether the key that an entry gives a user is one, and is nobody else's; or there is none."""
        try:
            key = key_named(body)
        except NoteFormatError:
            self._add("log-altered-event", seq=seq, kind="key", field="vkey")
            return False
        register, user = self._register, body["user"]
        taken = [*register.keys.items(), *register.tokens.items()]
        if key is not None and any(other.public == key.public and name != user for name, other in taken):
            return self._order(seq, "key")
        return True


def _shortly(shown: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether an entry follows a presence in the same boot, within the time, by both clocks."""
    since = (parse_utc(body["at"]) - parse_utc(shown["at"])).total_seconds()
    ticks = body["monotonic_ms"] - shown["monotonic_ms"]
    return bool(body["boot_id"] == shown["boot_id"] and since <= _PRESENCE_S and ticks <= _PRESENCE_S * 1000)
