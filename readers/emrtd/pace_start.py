"""How a PACE run begins: the forms of MSE:Set AT one after the other, until the chip takes one (9303-11 4.4.4.1).

No key is used up here, whatever the chip refuses. Every form is asked for once at most."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from readers.emrtd.pace import OtherDomain, PaceReader, Refusal
from readers.emrtd.pace_mapping import MappingError
from readers.errors import PaceNotOfferedError
from readers.iso7816 import status_words as sw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from readers.emrtd.access_key import AccessKey
    from readers.emrtd.pace_variants import Form, PaceVariant
    from readers.iso7816.channel import PlainChannel

BLOCKED: Final = frozenset({0x63C0, sw.METHOD_BLOCKED})
"""No tries are left for this kind of password."""
_OTHER_FORM: Final = frozenset(
    {sw.WRONG_DATA, sw.WRONG_P1P2, 0x6A87, sw.REFERENCED_DATA_NOT_FOUND, sw.CONDITIONS_NOT_SATISFIED}
)
"""Answers to MSE:Set AT or the first GENERAL AUTHENTICATE after which another form, then another kind of password, is
worth asking for (9303-11 4.4.4.1, note 1)."""


def begin_pace(
    plain: PlainChannel,
    variant: PaceVariant,
    forms: Sequence[Form],
    key: AccessKey,
    *,
    randbytes: Callable[[int], bytes],
) -> tuple[PaceReader, Form] | Refusal:
    """A run that waits for its key, and the form that the chip took, no guess any more; else the first refusal.

    A guessed domain is given up for the next one when the chip refuses a public key of it, whatever status word it
    chooses; where the chip answers with a key of another domain, only that one is still asked for. Raises what
    `PaceReader.begin` raises; PaceNotOfferedError without forms."""
    refusal: Refusal | None = None
    left = list(forms)
    while left:
        form = left.pop(0)
        protocol = PaceReader(
            plain,
            variant.info,
            randbytes=randbytes,
            domain=form.domain,
            reference=form.reference,
            guessed=form.guessed,
        )
        refused = protocol.begin(key)
        if refused is None:
            return protocol, replace(form, guessed=False)
        if isinstance(refused, OtherDomain):
            left = [other for other in left if _is_of(other, refused.public_key)]
            if not left:
                raise refused.error
            continue
        refusal = refusal or refused
        if refused.sw in BLOCKED or not (refused.of_guess or refused.sw in _OTHER_FORM):
            return refused
    if refusal is None:
        raise PaceNotOfferedError(protocol=variant.info.protocol)
    return refusal


def _is_of(form: Form, public_key: bytes) -> bool:
    try:
        form.domain.require_key(public_key)
    except MappingError:
        return False
    return True
