"""The software card as one that speaks T=0 only, in the virtual reader until SIGTERM.

python -m tests.support.pcsc_t0_card --pki DIR
"""

import argparse
import json
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

from readers.softcard.chip import SoftCard
from readers.softcard.pki import training_pki
from readers.softcard.samples import DEFAULT_SAMPLE, sample_card, sample_holder
from readers.softcard.vpcd import DEFAULT_PORT, serve_vpcd
from tests.support.softcard import fake_jpeg

ATR = bytes.fromhex("3B021450")
READS = {0xB0}
GET_RESPONSE = 0xC0


class T0Card:
    """Takes five octets and data, gives answers to data only on GET RESPONSE (ISO/IEC 7816-3 12.2)."""

    atr = ATR

    def __init__(self, card):
        self._card = card
        self._waiting = b""

    def reset(self):
        self._waiting = b""
        self._card.reset()

    def process(self, octets):
        if octets[1] == GET_RESPONSE:
            return self._part(octets[4] or 256)
        if octets[0] == 0 and octets[1] in READS:
            return self._card.process(octets)
        if len(octets) != 5 + octets[4]:
            raise AssertionError("not a command of T=0")
        whole = octets[:4] + b"\0" + octets[4:5].rjust(2, b"\0") + octets[5:] + b"\0\0"
        self._waiting = self._card.process(whole)
        return self._waiting if len(self._waiting) == 2 else self._more()

    def _part(self, count):
        data, status = self._waiting[:-2], self._waiting[-2:]
        if len(data) < count:
            return bytes([0x6C, len(data)])
        self._waiting = data[count:] + status
        return data[:count] + (status if len(data) == count else self._more())

    def _more(self):
        return bytes([0x61, min(len(self._waiting) - 2, 256) & 0xFF])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pki", type=Path, required=True)
    arguments = parser.parse_args()
    now = datetime.now(UTC)
    image = sample_card(DEFAULT_SAMPLE, fake_jpeg(), training_pki(arguments.pki, now=now), now=now)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ready = json.dumps({"number": sample_holder(DEFAULT_SAMPLE, today=now.date()).id_number})
    card = T0Card(SoftCard(image))
    serve_vpcd(card, "127.0.0.1", DEFAULT_PORT, stop, on_insert=lambda: print(ready, flush=True))


if __name__ == "__main__":
    main()
