"""The errors of the paper: one stable code each, facts that identify nobody."""

from __future__ import annotations

from typing import ClassVar


class ReportsError(Exception):
    """Base of every error of this package.

    `code` is stable and has a text in every language; `conclusive` says that the error is evidence against
    what was examined (without it, nothing could be decided). `facts` hold no name, number, image or key.
    """

    code: ClassVar[str] = "reports-error"
    conclusive: ClassVar[bool] = False

    def __init__(self, **facts: str | int) -> None:
        self.facts: dict[str, str | int] = dict(facts)
        details = ", ".join(f"{key}={value}" for key, value in facts.items())
        super().__init__(f"{self.code} ({details})" if details else self.code)


# -- making a sheet --------------------------------------------------------------------------------


class TextMissingError(ReportsError):
    """The texts handed in lack a key, or lack what its placeholders need."""

    code = "sheet-text-missing"


class RowTooTallError(ReportsError):
    """A row that does not fit on a page even condensed; nothing is ever cut, so nothing is printed."""

    code = "sheet-row-too-tall"


class HeadTooTallError(ReportsError):
    """A head (agency, place, title) that leaves no page for anything else."""

    code = "sheet-head-too-tall"


class PortraitError(ReportsError):
    """Bytes that cannot be printed as a portrait: no JPEG, too large, or damaged."""

    code = "sheet-portrait-unusable"


class SealTooLongError(ReportsError):
    """More rows or longer numbers on one page than a page seal can carry."""

    code = "sheet-seal-too-long"


# -- checking a page seal --------------------------------------------------------------------------


class SealFormatError(ReportsError):
    """Text that is no page seal of this program."""

    code = "seal-malformed"


class SealSignatureError(ReportsError):
    """A page seal that the expected station did not sign."""

    code = "seal-invalid"
    conclusive = True


# -- checking a signed file ------------------------------------------------------------------------


class PdfFormatError(ReportsError):
    """A file that is no PDF, or none that this program can judge."""

    code = "sheet-file-malformed"


class PdfUnsignedError(ReportsError):
    """A PDF without a signature."""

    code = "sheet-file-unsigned"


class PdfOtherSignerError(ReportsError):
    """A PDF signed with another certificate than the one expected, whatever name it bears."""

    code = "sheet-file-other-signer"
    conclusive = True


class PdfAlteredError(ReportsError):
    """A PDF whose bytes are not the signed ones: changed, or added to after signing."""

    code = "sheet-file-altered"
    conclusive = True


class PdfSealTimeError(ReportsError):
    """A PDF sealed, by its own account, while its certificate was not valid: a wrong clock, or back-dating."""

    code = "sheet-file-seal-time"
