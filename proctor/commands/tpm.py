"""`proctor tpm …`: the optional counter in the machine's TPM."""

from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.tpm import TpmCounter, TpmState, advance, check, default_index
from proctor.tpm import init as init_counter
from sessions.roles import require_may


def init(context: Context) -> int:
    """Make the counter and enter it."""
    options = context.options
    with open_for(context, training=options.training, login=True) as opened:
        operator = require_may(opened.require_login().operator, "keys")
        index = options.index or default_index(opened.store)
        state = init_counter(opened.store, TpmCounter(index, tcti=options.tcti), operator=operator)
    return _told(context, state)


def compare(context: Context) -> int:
    """Compare the counter with the log. Exit 1 where they disagree, or where it cannot be read."""
    with open_for(context, training=context.options.training, login=False) as opened:
        state = check(opened.store, tcti=context.options.tcti)
    return _told(context, state)


def count(context: Context) -> int:
    """Count one further and enter it."""
    options = context.options
    with open_for(context, training=options.training, login=True) as opened:
        operator = require_may(opened.require_login().operator, "keys")
        state = advance(opened.store, operator=operator, tcti=options.tcti)
    return _told(context, state)


def _told(context: Context, state: TpmState) -> int:
    data = {
        "ok": state.ok,
        "code": state.code,
        "index": state.index or None,
        "value": None if state.value < 0 else state.value,
        "logged": None if state.logged < 0 else state.logged,
    }
    text = context.texts.say(state.code, index=state.index, value=state.value, logged=state.logged)
    context.result(data, (text,))
    return 0 if state.ok else 1
