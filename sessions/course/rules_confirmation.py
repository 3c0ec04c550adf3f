"""An administrator states where a rule that nobody had confirmed is to be read, of exactly these bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sessions.record import Operator
from sessions.roles import require_may
from sessions.rules.confirming import KIND, covered, open_keys
from sessions.rules.errors import RulesKeyError, RulesReferenceError, RulesSettledError
from sessions.rules.model import Rules
from sessions.store import Receipt, Store

MAX_REFERENCE: Final = 300
_PERSONAL: Final = re.compile(r"\d{9,}")


def confirm_rules(
    store: Store, rules: Rules, *, reference: str, operator: Operator, keys: Iterable[str] = ()
) -> tuple[Receipt, tuple[str, ...]]:
    """Enter that unconfirmed rules were read in a text, and return the receipt and the keys.

    `keys`: key paths, or tables with everything below them; none: all that are still open. Raises
    RoleForbiddenError, RulesReferenceError, RulesSettledError, RulesKeyError.
    """
    require_may(operator, "confirm-rules")
    text = " ".join(reference.split())
    if not text or len(text) > MAX_REFERENCE or _PERSONAL.search(text):
        raise RulesReferenceError(longest=MAX_REFERENCE)
    still = open_keys(store, rules)
    if not still:
        raise RulesSettledError(rules=rules.rules_id)
    asked = tuple(keys)
    for key in asked:
        if not any(covered(each, (key,)) for each in still):
            raise RulesKeyError(key=key[:100], known=" ".join(still))
    chosen = tuple(key for key in still if not asked or covered(key, asked))
    body = {
        "rules": rules.rules_id,
        "rules_sha256": rules.sha256,
        "reference": text,
        "keys": list(chosen),
    }
    return store.append(KIND, body, operator=operator), chosen
