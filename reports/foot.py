"""What stands at the foot of every sheet, and what marks those of training."""

from __future__ import annotations

from reports.cosigned import cosigned_line, not_cosigned
from reports.sheet import Foot
from reports.wording import Texts, say
from sessions.checkpoint import Checkpoint
from sessions.rules import sections_of
from sessions.session import Session
from sessions.witnesses import Cosigners


def foot_of(
    session: Session,
    texts: Texts,
    head: Checkpoint,
    cosigners: Cosigners | None,
    *,
    notice: str = "sheet.foot.notice",
) -> Foot:
    """Return the foot of a sheet as of tree head `head`; `notice`: the text that says what it is not."""
    return Foot(
        session=say(texts, "sheet.foot.session", session=session.session_id, origin=head.origin),
        roster=say(texts, "sheet.foot.roster"),
        head=say(texts, "sheet.foot.head", size=head.size),
        digest=say(texts, "sheet.foot.digest"),
        key=say(texts, "sheet.foot.key"),
        notice=say(texts, notice),
        page=say(texts, "sheet.foot.page", page="{page}", pages="{pages}"),
        cosigned=cosigned_line(texts, cosigners),
        warning=" · ".join(
            part for part in (not_cosigned(texts, cosigners), _unconfirmed(session, texts)) if part
        ),
    )


def rules_marks(session: Session, texts: Texts) -> tuple[str, ...]:
    """Return the line below a sheet's title that says what of the rules nobody has confirmed; none when all is."""
    keys = session.unconfirmed
    if not keys:
        return ()
    named = [say(texts, f"rules.section.{name}") for name in sections_of(keys)]
    return (say(texts, "sheet.rules.unconfirmed-keys", count=len(keys), keys=", ".join(named)),)


def _unconfirmed(session: Session, texts: Texts) -> str:
    return say(texts, "sheet.rules.unconfirmed") if session.unconfirmed else ""


def training_marks(session: Session, texts: Texts) -> tuple[str, str] | None:
    """Return banner and watermark of a training session's sheet, or None for a real one."""
    if session.kind != "training":
        return None
    return say(texts, "sheet.training.banner"), say(texts, "sheet.training.mark")
