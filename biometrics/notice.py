"""The entry ticket of a capture: the candidate has been shown the notice."""

from dataclasses import dataclass
from datetime import datetime

from biometrics.errors import NoticeMissingError


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeShown:
    """Which text was shown, and when. `sha256`: hex digest of the text; `shown_at`: UTC."""

    version: str
    sha256: str
    shown_at: datetime


def require_notice(notice: NoticeShown) -> NoticeShown:
    """Return the notice. Raises NoticeMissingError for anything else, so that no frame is read by mistake."""
    if not isinstance(notice, NoticeShown) or not notice.version:
        raise NoticeMissingError
    return notice
