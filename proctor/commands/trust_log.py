"""Whether the trust store was compared with the log, for everybody who relies on it."""

from proctor.commands.context import Context
from proctor.trusting import NOT_READ


def tell_log(context: Context, log: str) -> str:
    """Say so where an older store would not have been noticed; return `log` as it is."""
    if log == NOT_READ:
        context.say("trust.log.not-read")
    return log
