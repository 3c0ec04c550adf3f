"""OpenPACE's reader on the card in the virtual reader, over pyscard alone; prints the SHA-256 of what it read.

python -m tests.interop.eac_over_pcsc --can N
"""

import argparse
import hashlib
import json
import time

from smartcard.Exceptions import NoCardException
from smartcard.System import readers

from readers.emrtd import files
from tests.interop.eac_reader import EacReader
from tests.interop.openpace import CAN
from tests.support.pcsc import READER

WAIT_S = 10.0
PACE_ECDH_GM_AES_128 = bytes.fromhex("04007F00070202040202")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--can", required=True)
    number = parser.parse_args().can
    reader = next(found for found in readers() if str(found) == READER)
    connection = reader.createConnection()
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            connection.connect()
            break
        except NoCardException:  # the service looks at its slots a few times a second
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)

    def transmit(command: bytes) -> bytes:
        data, first, second = connection.transmit(list(command))
        return bytes([*data, first, second])

    foreign = EacReader(transmit)
    foreign.pace(foreign.read_plain_card_access(), PACE_ECDH_GM_AES_128, number, CAN)
    foreign.select_application()
    read = {
        spec.name: hashlib.sha256(foreign.read(spec.file_id)).hexdigest()
        for spec in (files.EF_COM, files.EF_SOD, files.DG1, files.DG2, files.DG13, files.DG14, files.DG15)
    }
    foreign.close()
    print(json.dumps(read), flush=True)


if __name__ == "__main__":
    main()
