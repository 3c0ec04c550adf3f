"""One witness as the station reaches it: HTTPS over one kept connection, its certificate's key pinned."""

import http.client
import json
import socket
import ssl
import time
import urllib.parse
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from proctor.witness.errors import WitnessAnswerError, WitnessPinError, WitnessUnreachableError
from proctor.witness.folder import spki_pin
from sessions.errors import NoteFormatError
from sessions.witness_protocol import LeftEntry
from sessions.witnesses import Witness, require_address

DEADLINE_S: Final = 10.0
MAX_REPLY: Final = 8 * 1024 * 1024
MAX_LEFT: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer: status, type, body."""

    status: int
    content_type: str
    body: bytes

    @property
    def text(self) -> str:
        """The body as text. Raises WitnessAnswerError."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError:
            raise WitnessAnswerError(why="utf-8", status=self.status) from None


class _DeadlineSocket(ssl.SSLSocket):
    """A TLS socket whose reads and writes together end at one moment, however slowly the other side drips."""

    deadline: float | None = None

    def _arm(self) -> None:
        if self.deadline is not None:
            self.settimeout(max(0.001, self.deadline - time.monotonic()))

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self._arm()
        return super().recv_into(*arguments, **named)

    def sendall(self, *arguments: Any, **named: Any) -> None:
        self._arm()
        super().sendall(*arguments, **named)


class _PinnedConnection(http.client.HTTPSConnection):
    """A connection over which nothing is said before the other side has shown the pinned key.

    TLS 1.3 proves that it holds that key; names, dates and issuers do not matter.
    """

    def __init__(self, host: str, port: int, pin: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=DEADLINE_S, context=context)
        self._tls = context
        self._pin = pin
        self._unsent: list[bytes] = []

    def send(self, data: Any) -> None:
        """Hold head and body back until the answer is asked for: one record, one wake-up on the other side."""
        self._unsent.append(bytes(data))

    def getresponse(self) -> http.client.HTTPResponse:
        whole = b"".join(self._unsent)
        self._unsent.clear()
        super().send(whole)
        return super().getresponse()

    def connect(self) -> None:
        self._unsent.clear()
        plain = socket.create_connection((self.host, self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.do_handshake()
        shown = self.sock.getpeercert(binary_form=True)
        try:
            found = spki_pin(shown or b"")
        except ValueError:
            found = ""
        if found != self._pin:
            self.close()
            raise WitnessPinError(pinned=self._pin, found=found)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the pin decides, before a single octet is sent
    context.sslsocket_class = _DeadlineSocket
    return context


class WitnessClient:
    """The connection to one witness. For one thread; only `abort` may be called from another."""

    def __init__(self, witness: Witness, *, deadline_s: float = DEADLINE_S) -> None:
        parts = require_address(witness.address)
        self.witness = witness
        self._prefix = parts.path.rstrip("/")
        self._deadline_s = deadline_s
        self._http = _PinnedConnection(str(parts.hostname), parts.port or 443, witness.tls_pin, _context())
        self._closed = False

    def __enter__(self) -> "WitnessClient":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, for good."""
        self._closed = True
        with suppress(OSError):
            self._http.close()

    def abort(self) -> None:
        """From any thread: let a call that is under way end with WitnessUnreachableError, and every later one too."""
        self._closed = True
        sock = self._http.sock
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not TLS's own, which is not for two threads

    def add_checkpoint(self, body: str) -> Reply:
        """Ask for a cosignature: C2SP tlog-witness add-checkpoint."""
        return self._ask("POST", "/add-checkpoint", body.encode())

    def leave(self, entry: LeftEntry) -> Reply:
        """Leave an entry with its proof: a shred, or a rotation of the station's key."""
        return self._ask("POST", "/entries", entry.encode().encode())

    def last_note(self, origin: str) -> str | None:
        """Return the last checkpoint of a log that the witness signed, its line included, unverified; None if none."""
        query = urllib.parse.urlencode({"origin": origin})
        reply = self._ask("GET", f"/checkpoint?{query}")
        if reply.status == 404:
            return None
        return _require_ok(reply).text

    def left(self, station: str) -> tuple[LeftEntry, ...]:
        """Return every entry that this station left with the witness, unverified, in order.

        Raises WitnessAnswerError, WitnessUnreachableError, WitnessPinError.
        """
        found: list[LeftEntry] = []
        after = -1
        while len(found) < MAX_LEFT:
            query = urllib.parse.urlencode({"station": station, "after": after})
            page = _entries(_require_ok(self._ask("GET", f"/entries?{query}")))
            if not page:
                return tuple(found)
            if page[0].seq <= after:
                break
            found += page
            after = page[-1].seq
        raise WitnessAnswerError(why="entries")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """Send a request and return the answer, over the kept connection or, if that was dropped, a new one."""
        end = time.monotonic() + self._deadline_s
        fresh = self._http.sock is None
        try:
            return self._once(method, path, body, end)
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            if fresh or self._closed or time.monotonic() >= end:
                raise WitnessUnreachableError(kind=type(error).__name__) from None
        try:
            return self._once(method, path, body, end)
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            raise WitnessUnreachableError(kind=type(error).__name__) from None

    def _once(self, method: str, path: str, body: bytes | None, end: float) -> Reply:
        if self._http.sock is None and not self._closed:
            self._http.timeout = max(0.001, end - time.monotonic())
            self._http.connect()
        if self._closed:
            raise WitnessUnreachableError(kind="closed")
        cast("_DeadlineSocket", self._http.sock).deadline = end
        headers = {} if body is None else {"Content-Type": "text/plain; charset=utf-8"}
        self._http.request(method, self._prefix + path, body, headers)
        answer = self._http.getresponse()
        data = answer.read(MAX_REPLY + 1)
        if len(data) > MAX_REPLY:
            self._http.close()
            raise WitnessAnswerError(why="too-large")
        if answer.length:
            self._http.close()
            raise http.client.IncompleteRead(data, answer.length)
        return Reply(status=answer.status, content_type=answer.headers.get_content_type(), body=data)


def _require_ok(reply: Reply) -> Reply:
    if reply.status != 200:
        raise WitnessAnswerError(status=reply.status)
    return reply


def _entries(reply: Reply) -> list[LeftEntry]:
    try:
        document = json.loads(reply.text)
        rows = document["entries"]
        return [LeftEntry.of_row(row) for row in list(rows)]
    except (ValueError, KeyError, TypeError, RecursionError, NoteFormatError):
        raise WitnessAnswerError(why="entries") from None
