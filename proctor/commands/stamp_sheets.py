"""`proctor sheets timestamp`: a time-stamp authority's time on a sheet, when there is a network."""

from pathlib import Path
from typing import Final

from proctor.commands.context import Context
from proctor.commands.session import open_session
from proctor.files import read_file
from proctor.timestamping import StampDesk
from reports.verification import MAX_BYTES
from reports.verify_sheet import Level
from sessions.record import format_utc
from sessions.vietnam import VIETNAM

_LEVELS: Final = {"T": Level.DATED, "LT": Level.LONG_TERM, "LTA": Level.ARCHIVED}


def stamp(context: Context) -> int:
    """Stamp a sheet that this session printed. Nothing is written unless everything was good."""
    options = context.options
    pdf = read_file(options.file, MAX_BYTES)
    with open_session(context, options.session, login=True) as (opened, session):
        desk = StampDesk(opened, session)
        done = desk.stamp(pdf, _LEVELS[options.level], Path(options.out or options.file))
    data = {
        "ok": True,
        "session": session.session_id,
        "file": str(done.path),
        "pdf_sha256": done.pdf_sha256,
        "stamped_sha256": done.stamped_sha256,
        "level": done.level.value,
        "authority": done.authority,
        "at": format_utc(done.at),
        "entry": done.seq,
        "recovered": done.recovered,
    }
    key = "stamp.recovered" if done.recovered else ("stamp.done" if done.fresh else "stamp.raised")
    time = done.at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")
    said = context.texts.say(key, file=str(done.path), level=done.level.value, time=time, seq=done.seq)
    context.result(data, (said,))
    return 0
