"""A witness's listener: HTTP/1.1 over TLS 1.3, with a limit on everything a client can make it wait for or hold.

One loop takes connections, one thread owns the memory: requests are answered one after the other. A connection that
waits idle gives way to a new one when there are too many.
"""

import asyncio
import contextlib
import socket
import ssl
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import h11

from proctor.witness.service import Answer, Service
from sessions.witness_protocol import MAX_REQUEST

_CHUNK: Final = 65_536
_RETRY_S: Final = 0.2
_GOODBYE_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client, and all of them, may cost. Seconds and octets."""

    connections: int = 128
    per_address: int = 32
    handshake_s: float = 5.0
    request_s: float = 10.0
    """From a request's first octet to the answer's last."""
    idle_s: float = 300.0
    header_bytes: int = 16_384
    request_bytes: int = MAX_REQUEST


@dataclass(slots=True, kw_only=True, eq=False)
class _Client:
    """One connection: where from, its task, and since when it waits for a next request (None: it does not)."""

    address: str
    task: asyncio.Task[None] | None = None
    idle_since: float | None = None


class WitnessServer:
    """Serves one witness until it is cancelled."""

    def __init__(self, service: Service, context: ssl.SSLContext, *, limits: Limits | None = None) -> None:
        self._service = service
        self._context = context
        self._limits = limits or Limits()
        self._clients: dict[int, _Client] = {}
        self._numbers = iter(range(2**62))
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="witness")

    async def serve(self, listener: socket.socket) -> None:
        """Accept until cancelled; then every connection is closed."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_unless_a_client)
        listener.setblocking(False)
        try:
            while True:
                try:
                    connection, peer = await loop.sock_accept(listener)
                except OSError:  # out of file descriptors, or the client was gone before it was served
                    self._evict()
                    await asyncio.sleep(_RETRY_S)
                    continue
                self._admit(connection, str(peer[0]))
        finally:
            await self._close_all()

    async def _close_all(self) -> None:
        tasks = [client.task for client in self._clients.values() if client.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._executor.shutdown(wait=True)

    # -- who may stay -----------------------------------------------------------------------------

    def _admit(self, connection: socket.socket, address: str) -> None:
        """Serve a connection, in place of the one that waited longest where there are too many."""
        counts = Counter(client.address for client in self._clients.values())
        crowded = counts[address] >= self._limits.per_address
        full = crowded or len(self._clients) >= self._limits.connections
        if full and not self._evict(address if crowded else None):
            connection.close()
            return
        number, client = next(self._numbers), _Client(address=address)
        self._clients[number] = client
        client.task = asyncio.get_running_loop().create_task(self._run(number, client, connection))
        client.task.add_done_callback(_say_what_broke)

    def _evict(self, address: str | None = None) -> bool:
        """Close the connection that waits longest, of one address or of all; return whether there was one."""
        waiting = [
            (client.idle_since, number)
            for number, client in self._clients.items()
            if client.idle_since is not None and address in {None, client.address}
        ]
        if not waiting:
            return False
        client = self._clients.pop(min(waiting)[1])
        if client.task is not None:
            client.task.cancel()
        return True

    # -- one connection ---------------------------------------------------------------------------

    async def _run(self, number: int, client: _Client, connection: socket.socket) -> None:
        """Talk to one client; whatever it does ends here."""
        transport: asyncio.Transport | None = None
        try:
            loop = asyncio.get_running_loop()
            reader = asyncio.StreamReader(limit=_CHUNK, loop=loop)
            transport, protocol = await loop.connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader, loop=loop),
                connection,
                ssl=self._context,
                ssl_handshake_timeout=self._limits.handshake_s,
                ssl_shutdown_timeout=1.0,
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            await _Conversation(self, client, reader, writer).hold()
            writer.close()
            await asyncio.wait_for(writer.wait_closed(), _GOODBYE_S)
        except (OSError, ssl.SSLError, TimeoutError, h11.ProtocolError, asyncio.IncompleteReadError):
            pass
        finally:
            self._clients.pop(number, None)
            if transport is not None:
                transport.abort()
            connection.close()

    async def answer(self, method: str, target: str, body: bytes) -> Answer:
        """Return the service's answer, made in the one thread that owns the memory."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._service.answer, method, target, body)

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._limits


def _unless_a_client(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Report what went wrong in the loop, unless it is only what a client did to its connection."""
    if not isinstance(context.get("exception"), (OSError, ssl.SSLError)):
        loop.default_exception_handler(context)


def _say_what_broke(task: asyncio.Task[None]) -> None:
    """Say in one line what a connection ended in if it is none of what clients do; the witness goes on."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        sys.stderr.write(f"internal-error {type(error).__name__}\n")


class _Conversation:
    """The requests of one connection, one after the other."""

    def __init__(
        self,
        server: WitnessServer,
        client: _Client,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._server = server
        self._client = client
        self._reader = reader
        self._writer = writer
        self._bare = False
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=server.limits.header_bytes)

    async def hold(self) -> None:
        """Answer until the client closes, is too slow, or says something that is no HTTP."""
        limits, loop = self._server.limits, asyncio.get_running_loop()
        while True:
            self._client.idle_since = loop.time()
            first = await asyncio.wait_for(self._first(), limits.idle_s)
            self._client.idle_since = None
            if not first:
                return
            async with asyncio.timeout(limits.request_s):
                try:
                    await self._one()
                except h11.RemoteProtocolError as error:
                    await self._refuse(error.error_status_hint)
                    return
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _first(self) -> bool:
        """Wait for a request's first octets; return whether any came."""
        if self._http.trailing_data[0]:
            return True
        data = await self._reader.read(self._server.limits.header_bytes)
        self._http.receive_data(data)
        return bool(data)

    async def _one(self) -> None:
        self._bare = False
        request = await self._next()
        if not isinstance(request, h11.Request):
            raise h11.RemoteProtocolError("no request")
        self._bare = (
            request.method == b"HEAD"
        )  # its answer has no body, whatever its header says (RFC 9110 9.3.2)
        body = await self._body()
        if body is None:
            await self._refuse(413)
            return
        method, target = request.method.decode("ascii"), request.target.decode("ascii")
        await self._send(await self._server.answer(method, target, body), last=False)

    async def _body(self) -> bytes | None:
        """Return a request's whole body, or None when it is too large."""
        if self._http.they_are_waiting_for_100_continue:
            self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        parts: list[bytes] = []
        size = 0
        while True:
            event = await self._next()
            if isinstance(event, h11.EndOfMessage):
                return b"".join(parts)
            if not isinstance(event, h11.Data):
                raise h11.RemoteProtocolError("no body")
            size += len(event.data)
            if size > self._server.limits.request_bytes:
                return None
            parts.append(bytes(event.data))

    async def _next(self) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            # no more at once than a header may have: what came whole would pass the limit unseen
            data = await self._reader.read(self._server.limits.header_bytes)
            self._http.receive_data(data)

    async def _refuse(self, status: int) -> None:
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            with contextlib.suppress(h11.LocalProtocolError):
                await self._send(Answer(status=status, body=b"refused\n"), last=True)

    async def _send(self, answer: Answer, *, last: bool) -> None:
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            *([("Connection", "close")] if last else []),
        ]
        send = self._http.send
        parts = (
            send(h11.Response(status_code=answer.status, headers=headers)),
            None if self._bare else send(h11.Data(data=answer.body)),
            send(h11.EndOfMessage()),
        )
        self._writer.write(b"".join(part or b"" for part in parts))
        await self._writer.drain()


def open_listener(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let another program share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
