"""A time-stamp authority for tests (RFC 3161): tokens, answers, and a server on this machine that can misbehave."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509

from tests.support.signing_pki import Holder

POLICY = "1.3.6.1.4.1.99999.1"
MIME = "application/timestamp-reply"


def token(
    imprint: bytes, holder: Holder, *, at: datetime | None = None, nonce: int = 1, chain: bool = True
) -> bytes:
    """Return a token (DER ContentInfo) over a SHA-256 digest."""
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": {"hash_algorithm": sha256, "hashed_message": imprint},
            "serial_number": nonce,
            "gen_time": (at or datetime.now(UTC)).replace(microsecond=0),
            "nonce": nonce,
        }
    )
    certificate = asn1_x509.Certificate.load(holder.der)
    ess = tsp.SigningCertificateV2(
        {"certs": [tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(holder.der).digest()})]}
    )
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info.dump()).digest()]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [ess]}),
        ]
    )
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": certificate.issuer,
                        "serial_number": certificate.serial_number,
                    }
                }
            ),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": holder.sign(attributes.dump()),
        }
    )
    others = [asn1_x509.Certificate.load(der) for der in holder.chain_der[:-1]] if chain else []
    content = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [sha256],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(info.dump()),
            },
            "certificates": [certificate, *others],
            "signer_infos": [signer],
        }
    )
    made: bytes = cms.ContentInfo({"content_type": "signed_data", "content": content}).dump()
    return made


def answer(
    request: bytes, holder: Holder, *, ahead: timedelta = timedelta(), imprint: bytes | None = None
) -> bytes:
    """Return an authority's answer to a request; `imprint`: of something else instead."""
    asked = tsp.TimeStampReq.load(request)
    digest = asked["message_imprint"]["hashed_message"].native if imprint is None else imprint
    made = token(digest, holder, at=datetime.now(UTC) + ahead, nonce=asked["nonce"].native)
    reply = {"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(made)}
    whole: bytes = tsp.TimeStampResp(reply).dump()
    return whole


Answer = Callable[[bytes], bytes]


@contextmanager
def tsa_server(give: Answer, *, mime: str = MIME, status: int = 200, drip_s: float = 0.0) -> Iterator[str]:
    """Serve on a free port of this machine; yield the address. `drip_s`: seconds between octets."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = give(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", mime)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                for start in range(0, len(body), 1 if drip_s else len(body) or 1):
                    self.wfile.write(body[start : start + (1 if drip_s else len(body))])
                    self.wfile.flush()
                    time.sleep(drip_s)
            except OSError:
                pass

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
