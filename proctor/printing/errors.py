"""The errors of printing: one stable code each, facts that identify nobody."""

from __future__ import annotations

from reports.errors import ReportsError


class PrintingError(ReportsError):
    """Base of what the printing raises. `reason` is the word that a job and its entry keep of it."""

    code = "printing-error"
    reason = "refused"


# -- the system ------------------------------------------------------------------------------------


class ToolMissingError(PrintingError):
    """A program of the print system is not installed; facts `tool`, `package`."""

    code = "printing-tool-missing"
    reason = "tool-missing"


class SystemDownError(PrintingError):
    """The print system does not answer: nothing was handed over."""

    code = "printing-system-down"
    reason = "system-down"


class TimedOutError(PrintingError):
    """A program of the print system did not end in time, and was ended; fact `tool`. What it did is not known."""

    code = "printing-timed-out"
    reason = "timed-out"


class AnswerError(PrintingError):
    """The print system answered something that cannot be read; fact `why`."""

    code = "printing-answer"
    reason = "system-down"


class RefusedError(PrintingError):
    """The print system refused a command; fact `tool`."""

    code = "printing-refused"
    reason = "refused"


class ForbiddenError(PrintingError):
    """The print system wants an administrator for this; fact `printer`."""

    code = "printing-forbidden"
    reason = "forbidden"


# -- the choice ------------------------------------------------------------------------------------


class NoPrinterError(PrintingError):
    """No printer was named, none is set for this kind of sheet, and the system has no default; fact `sheet`."""

    code = "printing-no-printer"
    reason = "no-printer"


class PrinterUnknownError(PrintingError):
    """The system has no printer of this name; facts `printer`, `known`."""

    code = "printing-printer-unknown"
    reason = "printer-unknown"


class NotAcceptingError(PrintingError):
    """The printer takes no jobs; fact `printer`."""

    code = "printing-not-accepting"
    reason = "not-accepting"


class NoDeviceError(PrintingError):
    """The queue of this name leads to a file or to nothing: it would say "printed" without paper; fact `printer`."""

    code = "printing-no-device"
    reason = "no-device"


class TrayUnknownError(PrintingError):
    """The printer has no tray of this name; facts `printer`, `tray`, `known`."""

    code = "printing-tray-unknown"
    reason = "tray-unknown"


class NotHereError(PrintingError):
    """This system's print command cannot do it; fact `what`."""

    code = "printing-not-here"
    reason = "not-here"


class PrinterSettingsError(PrintingError):
    """The file of printers cannot be used; facts `file`, `line`, `why`, `key`, `known`."""

    code = "printer-settings"


# -- the sheet -------------------------------------------------------------------------------------


class SheetUnknownError(PrintingError):
    """No entry of this log made this very file: altered, or not of this station; fact `file`."""

    code = "printing-sheet-unknown"
    reason = "altered"
    conclusive = True


class SheetGoneError(PrintingError):
    """The file is not there any more; fact `file`."""

    code = "printing-sheet-gone"
    reason = "file-gone"


class AlreadyPrintedError(PrintingError):
    """This very file was printed; facts `file`, `sheet`."""

    code = "printing-already-printed"


class SupersededError(PrintingError):
    """A later print of the same sheet exists: both on paper could not be told apart; facts `file`, `sheet`, `entry`."""

    code = "printing-superseded"
    reason = "superseded"


class PrintUnknownError(PrintingError):
    """Nobody knows what became of this file's last way to a printer; facts `file`, `job`."""

    code = "printing-outcome-unknown"


class UnderwayError(PrintingError):
    """This very file is on its way to a printer; facts `file`, `job`."""

    code = "printing-underway"


# -- the queue -------------------------------------------------------------------------------------


class JobUnknownError(PrintingError):
    """The station's queue has no job of this number; fact `job`."""

    code = "printing-job-unknown"


class JobEndedError(PrintingError):
    """The job has ended: nothing can be cancelled or resumed; facts `job`, `job_state`."""

    code = "printing-job-ended"


class JobOpenError(PrintingError):
    """The job has not ended, or was printed: it is not sent again; facts `job`, `job_state`."""

    code = "printing-job-open"


class QueueDamagedError(PrintingError):
    """The station's queue cannot be read; fact `file`."""

    code = "printing-queue-damaged"


class QueueFullError(PrintingError):
    """Too many jobs wait; fact `limit`."""

    code = "printing-queue-full"
