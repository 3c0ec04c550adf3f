"""What is wrong with the file of the agency's own heads. Facts: the line, the key, what the file itself says."""

from __future__ import annotations

from reports.errors import ReportsError


class TemplateError(ReportsError):
    """A key, a type or a value that the file must not have; facts `line`, `key`, `why`, and what would be right."""

    code = "sheet-template-invalid"


class TemplateLogoError(ReportsError):
    """A logo that cannot be printed: missing, too large, no PNG or JPEG, or damaged; fact `why`."""

    code = "sheet-template-logo"


class TemplateColumnsError(ReportsError):
    """Extra columns for which a sheet has no room beside its own; facts `kind`, `room`, `wanted` in mm."""

    code = "sheet-template-columns"


class ClosingTooTallError(ReportsError):
    """Totals, recipients and signatures that together take more than a page; fact `kind`."""

    code = "sheet-closing-too-tall"
