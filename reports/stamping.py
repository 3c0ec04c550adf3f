"""A time stamp over a whole sheet: a DocTimeStamp (ISO 32000-2, 12.8.5) in a field of its own that nobody sees."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from asn1crypto import cms
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp

from reports.errors import PdfAlteredError

RESERVED: Final = 40_000
"""Hexadecimal digits kept for a token; MAX_TOKEN octets fit."""
MAX_TOKEN: Final = RESERVED // 2 - 1
FIELD: Final = "DauThoiGian"

Token = Callable[[bytes], bytes]
"""Gives the token (DER ContentInfo) for a SHA-256 digest; its errors pass through."""


def add_stamp(pdf: bytes, number: int, token: Token) -> bytes:
    """Return the file with a time stamp over all of it; `number` from 1 tells stamps of one file apart.

    The result begins with `pdf`, which was verified before. Raises PdfAlteredError, and what `token` raises.
    """
    name = f"{FIELD}{number}"
    spec = SigFieldSpec(sig_field_name=name, invis_sig_settings=InvisSigSettings())
    try:
        steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(
            field_name=name, writer=IncrementalPdfFileWriter(io.BytesIO(pdf)), existing_fields_only=False
        )
        next(steps)
        place = DocumentTimestamp(bytes_reserved=RESERVED)  # type: ignore[no-untyped-call]
        steps.send(SigObjSetup(sig_placeholder=place))
        prepared, out = steps.send(SigIOSetup(md_algorithm="sha256"))
    except (PdfError, SigningError):
        raise PdfAlteredError(why="structure") from None
    steps.send(cms.ContentInfo.load(token(prepared.document_digest)))
    return bytes(out.getvalue())
