"""Opens the card in a PC/SC reader and reads every file that it shows; prints one JSON line.

python -m tests.interop.open_over_pcsc (--can N | --mrz INFORMATION) [--reader NAME] [--bac]
"""

import argparse
import hashlib
import json
import secrets
import time

from readers.emrtd.access_key import Can, MrzInformation
from readers.emrtd.reading import ChipReader, ReadLimits
from readers.errors import ReaderError
from readers.transport import pcsc
from tests.support.pcsc import READER


def opened(arguments: argparse.Namespace) -> dict[str, object]:
    key = Can(arguments.can) if arguments.can else MrzInformation(arguments.mrz)
    limits = ReadLimits(bac_allowed=arguments.bac)
    try:
        with pcsc.connect(arguments.reader, wait_s=5.0, apdu_deadline_s=5.0) as connection:
            reader = ChipReader(
                connection, randbytes=secrets.token_bytes, monotonic=time.monotonic, limits=limits
            )
            chip = reader.open(key)
    except ReaderError as error:
        return {"code": error.code, "text": str(error)}
    return {
        "code": "open",
        "protocol": chip.access.protocol,
        "password": chip.access.password,
        "files": {name: hashlib.sha256(octets).hexdigest() for name, octets in chip.files.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--can", default="")
    parser.add_argument("--mrz", default="")
    parser.add_argument("--reader", default=READER)
    parser.add_argument("--bac", action="store_true")
    print(json.dumps(opened(parser.parse_args())), flush=True)


if __name__ == "__main__":
    main()
