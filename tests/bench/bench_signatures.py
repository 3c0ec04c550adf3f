"""Times of three signatures on a sheet of 300 rows: the station's seal and two officials'. Goal: 2 s together.

Officials' keys once in this process (P-256) and, where softhsm2 is installed, in a token (P-256, RSA 2048), whose
every signature includes finding the token, its certificate and the PIN. Wall-clock and process CPU time, median of
five. A table, then JSON. Nothing is asserted.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from time import perf_counter, process_time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from proctor.signing_token import held_token
from reports.certificate import make_station_certificate
from reports.pdf import Drawn, draw
from reports.signature import seal_pdf
from reports.signing_official import Official, official_fields, sign_field
from reports.signing_status import judge
from tests.support.reports_sheets import mixed_roll, sheet_of, signer, texts
from tests.support.signing_pki import Holder, pki, shared_token
from tests.support.softhsm import PIN

ROWS, ROUNDS = 300, 5
AT = datetime.now(UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = make_station_certificate(KEY, signer().key.name, AT)
Sign = Callable[[bytes, int], bytes]


def seal(drawn: Drawn) -> bytes:
    return seal_pdf(drawn, key=KEY, certificate=CERTIFICATE, at=AT, texts=texts())


def with_key(pdf: bytes, number: int) -> bytes:
    """An official's signature whose key is in this process."""
    holder = pki().official
    official = Official(certificate=holder.der, chain=holder.chain_der, sign=holder.sign)
    return sign_field(pdf, official_fields(pdf)[number], official, at=AT, unknown=False, texts=texts())


def with_token(pdf: bytes, number: int) -> bytes:
    """An official's signature by the token."""
    held = held_token(shared_token().library, None)
    chosen = held.choose(f"ky-{number + 1}")
    with held.unlocked(chosen, PIN) as sign:
        official = Official(certificate=chosen.der, chain=held.chain, sign=sign)
        return sign_field(pdf, official_fields(pdf)[number], official, at=AT, unknown=False, texts=texts())


def judged(holder: Holder) -> None:
    authority = pki().issuing
    crl = authority.crl()
    judge(holder.der, others=(), authorities=[authority.der], crls=[crl], ocsps=[], at=AT)


def timed(run: Callable[[], object]) -> dict[str, float]:
    """Milliseconds, median: wall and CPU."""
    wall, cpu = [], []
    for _ in range(ROUNDS):
        begun, used = perf_counter(), process_time()
        run()
        wall.append(perf_counter() - begun)
        cpu.append(process_time() - used)
    return {"wall_ms": round(median(wall) * 1000, 1), "cpu_ms": round(median(cpu) * 1000, 1)}


def three(drawn: Drawn, sign: Sign) -> bytes:
    pdf = seal(drawn)
    for number in (0, 1):
        pdf = sign(pdf, number)
    return pdf


def main() -> None:
    """Print the figures."""
    drawn = draw(sheet_of(mixed_roll(ROWS)), signer())
    sealed = seal(drawn)
    figures = {
        "station's seal, all fields": timed(lambda: seal(drawn)),
        "one official, P-256 key": timed(lambda: with_key(sealed, 0)),
        "certificate judged": timed(lambda: judged(pki().official)),
        "three signatures, P-256 keys": timed(lambda: three(drawn, with_key)),
    }
    try:
        figures["three signatures, two by token"] = timed(lambda: three(drawn, with_token))
    except pytest.skip.Exception:
        print("no software token here: its row is missing")
    for name, row in figures.items():
        print(f"{name:34} {row['wall_ms']:8.1f} ms   {row['cpu_ms']:8.1f} ms CPU")
    sizes = {"unsigned": len(drawn.pdf), "three_signatures": len(three(drawn, with_key))}
    print(json.dumps({"rows": ROWS, "octets": sizes, **figures}, ensure_ascii=False))


if __name__ == "__main__":
    main()
