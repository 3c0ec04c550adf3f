"""A sample of the software card in the virtual reader until SIGTERM; prints one JSON line each time it is in.

python -m tests.support.pcsc_card --sample NAME --pki DIR [--port N] [--octets N]
"""

import argparse
import json
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

from readers.softcard.chip import SoftCard
from readers.softcard.holder import qr_payload
from readers.softcard.pki import training_pki
from readers.softcard.samples import DEFAULT_SAMPLE, sample_card, sample_holder
from readers.softcard.vpcd import DEFAULT_PORT, serve_vpcd
from tests.support.softcard import fake_jpeg


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", default=DEFAULT_SAMPLE)
    parser.add_argument("--pki", type=Path, required=True)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--octets", type=int, default=14_000)
    parser.add_argument("--once", action="store_true")
    arguments = parser.parse_args()
    now = datetime.now(UTC)
    image = sample_card(
        arguments.sample, fake_jpeg(arguments.octets), training_pki(arguments.pki, now=now), now=now
    )
    holder = sample_holder(arguments.sample, today=now.date())
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ready = json.dumps({"number": holder.id_number, "qr": qr_payload(holder)})
    serve_vpcd(
        SoftCard(image),
        "127.0.0.1",
        arguments.port,
        stop,
        on_insert=lambda: print(ready, flush=True),
        reinsert=not arguments.once,
    )


if __name__ == "__main__":
    main()
