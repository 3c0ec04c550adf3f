"""A witness that is killed at any moment: what left it was on its disk before, and no two trees were ever signed."""

from __future__ import annotations

import http.client
import os
import random
import signal
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from proctor.witness.folder import DATABASE
from sessions.cosignature import verify_line
from sessions.witness_store import WitnessStore
from tests.support.witness import NOW, PaperLog, make_folder

KILLS = int(os.environ.get("PROCTOR_WITNESS_KILLS", "12"))


@dataclass
class Offerer:
    """Offers heads of one history, as fast as the witness takes them; keeps every cosignature it got."""

    log: PaperLog
    port: int
    won: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        rng = random.Random(self.log.salt)
        old = 0
        while not self.stop.is_set():
            connection = self._connect()
            try:
                while not self.stop.is_set():
                    size = min(old + rng.randrange(1, 4), 2_000)
                    connection.request("POST", "/add-checkpoint", self.log.request(old, size))
                    answer = connection.getresponse()
                    body = answer.read()
                    if answer.status == 200:
                        self.won[size] = (self.log.head(size).root, body.decode())
                        old = size
                    elif answer.headers.get_content_type() == "text/x.tlog.size":
                        old = int(body)
                    else:
                        time.sleep(0.02)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
            finally:
                connection.close()

    def _connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5, context=context)


def served(folder: Path, port: int) -> tuple[subprocess.Popen[str], int]:
    """Start a witness in a process of its own; return it and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.witness", str(folder), str(port)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


@pytest.mark.slow
def test_killed_again_and_again_it_never_signs_two_histories(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "w1")
    log = PaperLog().grown(2_000)
    fork = log.forked(1, 2_000)
    with WitnessStore.open(folder.path / DATABASE) as store:
        store.trust(log.signer.key, at=NOW)
    process, port = served(folder.path, 0)
    offerers = [Offerer(log=which, port=port) for which in (log, fork)]
    threads = [threading.Thread(target=offerer.run, daemon=True) for offerer in offerers]
    for thread in threads:
        thread.start()
    rng = random.Random(1)
    try:
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.05, 0.5))
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            process.stdout.close()
            process, _ = served(folder.path, port)
        time.sleep(0.3)
    finally:
        for offerer in offerers:
            offerer.stop.set()
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()
        for thread in threads:
            thread.join(10)

    with WitnessStore.open(folder.path / DATABASE) as store:
        stored = list(store.all_signed())
    roots: dict[int, set[bytes]] = {}
    for found in stored:
        roots.setdefault(found.head.size, set()).add(found.head.root)
    assert all(len(found) == 1 for found in roots.values())
    assert [found.head.size for found in stored] == sorted(found.head.size for found in stored)
    lines = {(found.head.size, found.line) for found in stored}
    left = [(size, root, line) for offerer in offerers for size, (root, line) in offerer.won.items()]
    assert len(left) > KILLS
    for size, root, line in left:  # every cosignature that left is on the disk, over this very tree
        assert roots[size] == {root}
        assert (size, line.removesuffix("\n")) in lines
    histories = [offerer.log for offerer in offerers if any(size > 1 for size in offerer.won)]
    assert len(histories) == 1  # beyond the common first entry, one of the two won everything
    for found in stored:
        assert found.head == histories[0].head(found.head.size)
        assert verify_line(found.line, found.head.text, folder.key)
