"""Asking the system's own print service, over its socket or port: the same one that `lp` talks to."""

from __future__ import annotations

import http.client
import socket
from typing import Final

from proctor.printing import ipp
from proctor.printing.errors import AnswerError, SystemDownError, TimedOutError

_MAX_ANSWER: Final = 8 * 1024 * 1024
_IPP_PORT: Final = 631


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a socket of the file system."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(server: str, body: bytes, *, deadline_s: float) -> ipp.Answer:
    """Send a request to `server` (a socket's path, or HOST[:PORT]) and return the answer.

    Raises SystemDownError, TimedOutError, AnswerError.
    """
    connection = _connection(server, deadline_s)
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/ipp"})
        answer = connection.getresponse()
        data = answer.read(_MAX_ANSWER + 1)
    except TimeoutError:
        raise TimedOutError(tool="cups") from None
    except (OSError, http.client.HTTPException):
        raise SystemDownError(tool="cups") from None
    finally:
        connection.close()
    if answer.status != http.client.OK or len(data) > _MAX_ANSWER:
        raise AnswerError(why=f"http-{answer.status}")
    return ipp.read(data)


def _connection(server: str, deadline_s: float) -> http.client.HTTPConnection:
    if server.startswith("/"):
        return _SocketConnection(server, deadline_s)
    host, _, port = server.rpartition(":")
    if not host or not port.isdecimal():
        host, port = server, str(_IPP_PORT)
    return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=deadline_s)
