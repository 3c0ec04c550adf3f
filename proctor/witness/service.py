"""What a witness answers, without the network: C2SP tlog-witness, and the entries that stations leave with it."""

import json
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sessions.checkpoint import station_of
from sessions.cosignature import Cosigner
from sessions.errors import StoreError, WitnessRefusedError
from sessions.witness_protocol import LeftEntry, parse_add_checkpoint
from sessions.witness_store import WitnessStore

TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"
JSON: Final = "application/json"
MAX_ANSWER: Final = 4 * 1024 * 1024
_MAX_QUERY: Final = 512

Now = Callable[[], int]
"""Seconds since 1970, UTC."""


def system_time() -> int:
    """Return the machine's time."""
    return int(time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = TEXT


class Service:
    """Answers requests, one at a time, from one witness's memory and key."""

    def __init__(self, store: WitnessStore, cosigner: Cosigner, *, now: Now = system_time) -> None:
        self._store = store
        self._cosigner = cosigner
        self._now = now

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """Return what to say. Never raises for anything a client sent; a full disk is 503."""
        path, _, query = target.partition("?")
        routes = {
            "/add-checkpoint": {"POST": lambda: self._add_checkpoint(body)},
            "/entries": {"POST": lambda: self._keep(body), "GET": lambda: self._left(query)},
            "/checkpoint": {"GET": lambda: self._checkpoint(query)},
        }
        methods = routes.get(path)
        if methods is None:
            return Answer(status=404, body=b"no such place\n")
        run = methods.get(method)
        if run is None:
            return Answer(status=405, body=b"method not allowed\n")
        try:
            return run()
        except WitnessRefusedError as refusal:
            return _refused(refusal)
        except StoreError as error:
            return Answer(status=503, body=f"{error.code}\n".encode())

    def _add_checkpoint(self, body: bytes) -> Answer:
        made = self._store.cosign(parse_add_checkpoint(body), self._cosigner, at=self._now())
        return Answer(status=200, body=f"{made.line}\n".encode())

    def _keep(self, body: bytes) -> Answer:
        return Answer(
            status=200, body=f"{self._store.keep(LeftEntry.parse(body), at=self._now())}\n".encode()
        )

    def _left(self, query: str) -> Answer:
        fields = _query(query)
        after = fields.get("after", "-1")
        if not after.removeprefix("-").isascii() or not after.removeprefix("-").isdigit() or len(after) > 15:
            raise WitnessRefusedError(status=400, why="after")
        station = station_of(fields.get("station", ""))
        if not station:
            raise WitnessRefusedError(status=400, why="station")
        rows: list[dict[str, Any]] = []
        room = MAX_ANSWER
        found = self._store.left(station, after=int(after))
        for entry in found:
            room -= 2 * len(entry.body) + 4_096
            if rows and room < 0 and entry.seq != rows[-1]["seq"]:
                break
            rows.append(entry.as_row())
        document = {"station": station, "entries": rows}
        return Answer(status=200, body=json.dumps(document).encode(), content_type=JSON)

    def _checkpoint(self, query: str) -> Answer:
        last = self._store.last(_query(query).get("origin", ""))
        if last is None:
            raise WitnessRefusedError(status=404, why="nothing-signed")
        return Answer(status=200, body=last.whole.encode())


def _query(query: str) -> dict[str, str]:
    if len(query) > _MAX_QUERY:
        raise WitnessRefusedError(status=400, why="query")
    try:
        return dict(urllib.parse.parse_qsl(query, strict_parsing=True, errors="strict", max_num_fields=4))
    except ValueError:
        raise WitnessRefusedError(status=400, why="query") from None


def _refused(refusal: WitnessRefusedError) -> Answer:
    """The size alone where C2SP says so, else the word that says why."""
    status = int(refusal.facts["status"])
    if "size" in refusal.facts:
        return Answer(status=status, body=f"{refusal.facts['size']}\n".encode(), content_type=SIZE)
    return Answer(status=status, body=f"{refusal.facts['why']}\n".encode())
