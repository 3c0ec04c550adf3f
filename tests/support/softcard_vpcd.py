"""The reader's side of vpcd, for tests."""

from __future__ import annotations

import socket

SELECT_CARD_ACCESS = bytes.fromhex("00A4020C02011C")
WAIT_S = 10.0


class Reader:
    """The reader's side: listens, and speaks to the card that connects."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(WAIT_S)
        self.port = self.listener.getsockname()[1]
        self.link: socket.socket | None = None

    def accept(self) -> None:
        self.drop()
        self.link, _ = self.listener.accept()
        self.link.settimeout(WAIT_S)

    def await_removal(self) -> None:
        """Wait until the card leaves by itself."""
        assert self.link is not None
        assert self.link.recv(1) == b""

    def drop(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None

    def close(self) -> None:
        self.drop()
        self.listener.close()

    def send(self, body: bytes) -> None:
        assert self.link is not None
        self.link.sendall(len(body).to_bytes(2, "big"))
        self.link.sendall(body)

    def receive(self) -> bytes:
        return self._exactly(int.from_bytes(self._exactly(2), "big"))

    def ask(self, body: bytes) -> bytes:
        self.send(body)
        return self.receive()

    def _exactly(self, count: int) -> bytes:
        assert self.link is not None
        octets = b""
        while len(octets) < count:
            more = self.link.recv(count - len(octets))
            if not more:
                raise ConnectionError("the card has gone")
            octets += more
        return octets
