"""Reads the card in a PC/SC reader and goes on when it is lifted and put back; prints one JSON line.

python -m tests.support.pcsc_resume --number N [--reader NAME]
"""

import argparse
import json
import secrets
import time

from readers.cccd.id_number import parse_id_number
from readers.emrtd.passive_auth import require_consistent, require_hashes
from readers.emrtd.reading import ChipReader
from readers.errors import ReaderError
from readers.transport import pcsc
from tests.support.pcsc import READER

WAIT_S = 10.0
DEADLINE_S = 5.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", required=True)
    parser.add_argument("--reader", default=READER)
    arguments = parser.parse_args()
    held = []

    def connect() -> pcsc.PcscConnection:
        held.append(pcsc.connect(arguments.reader, wait_s=WAIT_S, apdu_deadline_s=DEADLINE_S))
        return held[-1]

    reader = ChipReader(
        connect(),
        randbytes=secrets.token_bytes,
        monotonic=time.monotonic,
        reconnect=connect,
        fresh_challenge=lambda: secrets.token_bytes(8),
    )
    try:
        keys = require_consistent(reader.open(parse_id_number(arguments.number).can))
        raw = reader.read(reader.require_genuine(keys, secrets.token_bytes(8)))
        said = {"code": "read", "portrait": len(require_hashes(raw).portrait.image), **raw.facts}
    except ReaderError as error:
        said = {"code": error.code, "text": str(error)}
    for connection in held:
        connection.close()
    said["steps"] = {step.name: step.outcome for step in reader.steps}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
