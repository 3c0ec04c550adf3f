"""Logs that exist only as trees, a witness in a thread, and a client that says whatever a test wants."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from proctor.witness.folder import DATABASE, WitnessFolder
from proctor.witness.server import Limits, WitnessServer, open_listener
from proctor.witness.service import Service
from sessions import merkle
from sessions.checkpoint import Checkpoint, Signer
from sessions.cosignature import Kind
from sessions.witness_protocol import LeftEntry, add_checkpoint_body
from sessions.witness_store import WitnessStore
from sessions.witnesses import Witness

ORIGIN = "proctor.training/0a1b2c3d"
NAME = "witness.example/w1"
NOW = 1_795_309_323
START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@dataclass
class PaperLog:
    """A log's tree and key without a database. Two with the same `salt` have the same entries."""

    origin: str = ORIGIN
    seed: bytes = bytes(range(32))
    salt: str = ""
    bodies: list[bytes] = field(default_factory=list)
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    edge: tuple[bytes, ...] = ()

    @property
    def signer(self) -> Signer:
        return Signer(self.origin, self.seed)

    def add(self, body: bytes) -> PaperLog:
        growth = merkle.grow(len(self.bodies), self.edge, merkle.leaf_hash(body))
        self.nodes.update({(level, index): digest for level, index, digest in growth.nodes})
        self.edge = growth.edge
        self.bodies.append(body)
        return self

    def grown(self, size: int) -> PaperLog:
        """Grow to a size with made-up entries."""
        while len(self.bodies) < size:
            seq = len(self.bodies)
            self.add(json.dumps({"kind": "view", "origin": self.origin, "seq": seq, "x": self.salt}).encode())
        return self

    def forked(self, at: int, size: int) -> PaperLog:
        """Return a log with the same first `at` entries and others from there on."""
        other = PaperLog(origin=self.origin, seed=self.seed, salt=self.salt + "fork")
        for body in self.bodies[:at]:
            other.add(body)
        return other.grown(size)

    def read(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def head(self, size: int | None = None, signer: Signer | None = None) -> Checkpoint:
        size = len(self.bodies) if size is None else size
        root = merkle.root_at(size, self.read) if size else merkle.EMPTY_ROOT
        return Checkpoint(origin=self.origin, size=size, root=root).sign(signer or self.signer)

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        return merkle.consistency_proof(old, new, self.read) if 0 < old < new else ()

    def request(self, old: int, size: int | None = None, signer: Signer | None = None) -> bytes:
        """An add-checkpoint body from an old size to a new one, as an honest client makes it."""
        head = self.head(size, signer)
        proof = self.proof(old, head.size) if old <= head.size else ()
        return add_checkpoint_body(old, proof, head.note).encode()

    def left(self, seq: int, size: int | None = None, signer: Signer | None = None) -> LeftEntry:
        head = self.head(size, signer)
        proof = merkle.inclusion_proof(seq, head.size, self.read)
        return LeftEntry(seq=seq, body=self.bodies[seq], proof=proof, note=head.note)


def make_folder(path: Path, *, kind: Kind = Kind.ED25519, name: str = NAME) -> WitnessFolder:
    return WitnessFolder.create(path, name, kind=kind, passphrase=None, now=START)


@dataclass
class Host:
    """A witness that answers on loopback; `store` may be looked into when it was stopped."""

    folder: WitnessFolder
    port: int

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def witness(self, *, required: bool = False, pin: str | None = None) -> Witness:
        return Witness(
            key=self.folder.key,
            address=self.address,
            tls_pin=pin or self.folder.tls_pin,
            required=required,
        )

    def trust(self, *signers: Signer) -> Host:
        with WitnessStore.open(self.folder.path / DATABASE) as store:
            for signer in signers:
                store.trust(signer.key, at=NOW)
        return self

    @contextmanager
    def memory(self) -> Iterator[WitnessStore]:
        with WitnessStore.open(self.folder.path / DATABASE) as store:
            yield store

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str, bytes]:
        """One request by the standard library's client, certificate unchecked."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.headers.get_content_type(), answer.read()
        finally:
            connection.close()


@contextmanager
def hosted(folder: WitnessFolder, *, limits: Limits | None = None, port: int = 0) -> Iterator[Host]:
    """Serve a witness from a thread of this process."""
    keys = folder.unlock(None)
    loop = asyncio.new_event_loop()
    listener = open_listener("127.0.0.1", port)
    store = WitnessStore.open(folder.path / DATABASE)
    server = WitnessServer(Service(store, keys.cosigner), folder.server_context(keys), limits=limits)
    task = loop.create_task(server.serve(listener))

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        finally:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Host(folder=folder, port=listener.getsockname()[1])
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
        listener.close()
        store.close()


def wait_for(condition, seconds: float = 10.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def main(folder: str, port: str) -> None:
    """A witness as a process that a test can kill: `python -m tests.support.witness FOLDER PORT`; prints its port."""
    found = WitnessFolder.open(Path(folder))
    keys = found.unlock(None)
    with found.lock(), WitnessStore.open(found.path / DATABASE) as store:
        listener = open_listener("127.0.0.1", int(port))
        print(listener.getsockname()[1], flush=True)
        server = WitnessServer(Service(store, keys.cosigner), found.server_context(keys))
        asyncio.run(server.serve(listener))


if __name__ == "__main__":
    main(*sys.argv[1:])
