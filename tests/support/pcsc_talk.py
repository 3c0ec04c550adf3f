"""Does on a PC/SC reader what its input says, line by line, and answers each line with one of JSON.

connect NAME WAIT_S | send HEX | close | list | watch | quit
"""

import json
import sys

from readers.errors import ReaderError
from readers.transport import pcsc
from readers.transport.watch import watch_readers

DEADLINE_S = 3.0


class Talk:
    """One connection at most, one watch."""

    def __init__(self):
        self.connection = None
        self.watch, self.readers = watch_readers()

    def do(self, what, *rest):
        if what == "connect":
            name, wait_s = " ".join(rest[:-1]), float(rest[-1])
            self.connection = pcsc.connect(name, wait_s=wait_s, apdu_deadline_s=DEADLINE_S)
            return {"atr": self.connection.atr.hex()}
        if what == "send":
            return {"answer": self.connection.transceive(bytes.fromhex(rest[0])).hex()}
        if what == "close":
            self.connection.close()
            return {}
        if what == "list":
            return {"readers": [[each.name, each.card] for each in pcsc.list_readers(deadline_s=DEADLINE_S)]}
        if what == "watch":
            return {"events": [[e.kind, e.reader.name if e.reader else e.code] for e in self.watch.poll()]}
        raise ValueError(what)

    def close(self):
        self.readers.close()
        if self.connection is not None:
            self.connection.close()


def main():
    talk = Talk()
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        try:
            said = {"code": "ok", **talk.do(*line.split())}
        except ReaderError as error:
            said = {"code": error.code, "text": str(error)}
        print(json.dumps(said), flush=True)
    talk.close()


if __name__ == "__main__":
    main()
