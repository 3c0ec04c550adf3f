"""Puts sample after sample into the virtual reader and reads each through PC/SC; one JSON line for each.

python -m tests.support.pcsc_catalogue --pki DIR --store DIR SAMPLE…
"""

import argparse
import json
import threading
import time
from pathlib import Path

from readers.emrtd.pki.store import TrustStore
from readers.errors import ReaderError
from readers.softcard.chip import SoftCard
from readers.softcard.pki import training_pki
from readers.softcard.vpcd import DEFAULT_PORT, serve_vpcd
from readers.transport import pcsc
from tests.support.pcsc import READER
from tests.support.softcard import NOW, verify
from tests.support.softcard_samples import image_of, keys_of, read_chip

WAIT_S = 20.0
DEADLINE_S = 5.0
EMPTY_S = 0.6
"""The service looks at a slot every 0.4 s: it must see that it is empty before the next card comes."""


def read_once(name: str, store: TrustStore) -> str:
    """By what the chip was proven, or the code of what went wrong."""
    try:
        with pcsc.connect(READER, wait_s=WAIT_S, apdu_deadline_s=DEADLINE_S) as connection:
            return read_chip(connection, keys_of(name), store).chip.proven_by
    except ReaderError as error:
        return error.code


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pki", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("samples", nargs="+")
    arguments = parser.parse_args()
    pki = training_pki(arguments.pki, now=NOW)
    store = TrustStore.open(arguments.store, training=True, verify=verify)
    for name in arguments.samples:
        card, stop = SoftCard(image_of(name, pki), sleep=lambda _: None), threading.Event()
        inside = threading.Thread(target=serve_vpcd, args=(card, "127.0.0.1", DEFAULT_PORT, stop))
        inside.start()
        try:
            print(json.dumps({"sample": name, "outcome": read_once(name, store)}), flush=True)
        finally:
            stop.set()
            inside.join()
            time.sleep(EMPTY_S)


if __name__ == "__main__":
    main()
