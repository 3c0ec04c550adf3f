"""Reads the card in a PC/SC reader step by step and prints one JSON line: what was reached, or the code.

python -m tests.support.pcsc_read --number N --store DIR [--reader NAME] [--wait S] [--deadline S] [--tries N]
"""

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path

from readers.cccd.id_number import parse_id_number
from readers.emrtd.passive_auth import require_chain
from readers.emrtd.pki.store import TrustStore
from readers.errors import ReaderError
from readers.transport import pcsc
from tests.support.pcsc import READER
from tests.support.softcard import read_all, reader_for, verify


def attempt(arguments: argparse.Namespace) -> dict[str, object]:
    key = parse_id_number(arguments.number).can
    at = datetime.now(UTC)
    store = TrustStore.open(arguments.store, training=True, verify=verify)
    started = time.monotonic()
    try:
        connection = pcsc.connect(arguments.reader, wait_s=arguments.wait, apdu_deadline_s=arguments.deadline)
        with connection:
            steps = read_all(reader_for(connection), key)
        verified = require_chain(steps.chip, store, at)
    except ReaderError as error:
        return {"code": error.code, "text": str(error), "seconds": time.monotonic() - started}
    return {
        "code": "read",
        "proven_by": steps.genuine.proven_by,
        "verified": verified.chip.facts["verified"],
        "octets": len(steps.chip.portrait.image),
        "atr": connection.atr.hex(),
        "seconds": time.monotonic() - started,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--reader", default=READER)
    parser.add_argument("--wait", type=float, default=5.0)
    parser.add_argument("--deadline", type=float, default=5.0)
    parser.add_argument("--tries", type=int, default=1)
    arguments = parser.parse_args()
    for _ in range(arguments.tries):
        print(json.dumps(attempt(arguments)), flush=True)


if __name__ == "__main__":
    main()
