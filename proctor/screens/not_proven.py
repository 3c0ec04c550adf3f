"""Why a second person's card and face did not prove presence, in words for that person."""

from collections.abc import Mapping
from typing import Final

from proctor.checks import CheckName as C
from proctor.errors import CommandError
from proctor.texts import Texts
from sessions.errors import SessionsError

CODE: Final = "presence-failed"
_BY_WHY: Final[Mapping[str, str]] = {
    "no-card": "no-card",
    "card-lost": "lifted",
    "card-swapped": "lifted",
    "reader-gone": "reader",
    "reader-not-found": "reader",
    "access-wrong-key": "wrong-code",
    "pa-no-trust-anchor": "issuer",
}
_BY_CHECK: Final[Mapping[str, str]] = {
    C.CARD_ACCESS: "reader",
    C.ROSTER: "other-card",
    C.FACE_CAPTURE: "no-face",
    C.FACE_MATCH: "other-face",
}
_CAMERA: Final = "camera-"


def why_not_proven(error: CommandError | SessionsError, texts: Texts) -> str:
    """Return what a failed proof of presence is said as; "" for every other error."""
    if error.code != CODE:
        return ""
    facts = error.facts
    why = str(facts.get("why", ""))
    kind = "camera" if why.startswith(_CAMERA) else _BY_WHY.get(why, "")
    kind = kind or _BY_CHECK.get(str(facts.get("check", "")), "chip")
    return texts.say(f"second-person.not-proven.{kind}", user=str(facts.get("user", "")))
