"""The TPM counter: against a made-up TPM, and against swtpm where it is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from proctor.tpm import (
    TpmCounter,
    TpmError,
    TpmIndexError,
    advance,
    check,
    default_index,
    init,
    logged_counter,
)
from sessions.record import Second
from sessions.store import Store
from tests.support.sessions_station import OPERATOR, Bench


class Tpm:
    """Counts as an NV counter does; `broken` refuses everything."""

    def __init__(self) -> None:
        self.value: int | None = None
        self.defined = self.broken = False
        self.calls: list[str] = []

    def __call__(self, command: Sequence[str]) -> bytes:
        self.calls.append(command[0])
        if self.broken:
            raise TpmError(step=command[0])
        return getattr(self, command[0].removeprefix("tpm2_nv"))()

    def readpublic(self) -> bytes:
        if not self.defined:
            raise TpmError(step="x")
        return b""

    def define(self) -> bytes:
        self.defined = True
        return b""

    def increment(self) -> bytes:
        self.value = (self.value or 41) + 1
        return b""

    def read(self) -> bytes:
        if self.value is None:
            raise TpmError(step="x")
        return self.value.to_bytes(8, "big")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Bench(path=tmp_path / "station.db").create() as opened:
        yield opened


def counter(tpm: Callable[[Sequence[str]], bytes], store: Store) -> TpmCounter:
    return TpmCounter(default_index(store), run=tpm)


def test_no_counter_is_no_complaint(store: Store) -> None:
    tpm = Tpm()
    assert (check(store, run=tpm).code, tpm.calls) == ("tpm-none", [])
    assert check(store, run=tpm).ok
    assert advance(store, run=tpm).code == "tpm-none"


def test_it_counts_with_the_log(store: Store) -> None:
    tpm = Tpm()
    assert init(store, counter(tpm, store), operator=OPERATOR).value == 42
    for expected in (43, 44):
        state = advance(store, run=tpm)
        assert (state.code, state.value, state.logged) == ("tpm-ok", expected, expected)
    assert logged_counter(store) == ("0x01800a1b", 44)
    assert init(store, counter(tpm, store), operator=OPERATOR).value == 45  # again: the same counter goes on
    assert tpm.calls.count("tpm2_nvdefine") == 1


def test_a_log_that_was_put_back_is_behind_the_counter(store: Store) -> None:
    tpm = Tpm()
    init(store, counter(tpm, store), operator=OPERATOR)
    tpm.value = 50
    state = check(store, run=tpm)
    assert (state.code, state.ok, state.value, state.logged) == ("tpm-rolled-back", False, 50, 42)
    size = store.head().size
    assert advance(store, run=tpm).code == "tpm-rolled-back"
    assert store.head().size == size


def test_a_crash_between_entry_and_step_is_made_good(store: Store) -> None:
    tpm = Tpm()
    init(store, counter(tpm, store), operator=OPERATOR)
    body = {"event": "tpm-counter", "index": default_index(store), "value": 43}
    store.append("key", body, operator=OPERATOR)
    assert check(store, run=tpm).code == "tpm-ok"
    assert tpm.value == 43


def test_a_new_epoch_ends_the_counter_and_init_begins_anew(store: Store, tmp_path: Path) -> None:
    tpm = Tpm()
    init(store, counter(tpm, store), operator=OPERATOR)
    tpm.value = 50
    second = Second(user_id="nv02", role="chairman")
    store.begin_epoch(reason="x", operator=OPERATOR, second=second, path=tmp_path / "station.db")
    assert check(store, run=tpm).code == "tpm-none"
    assert init(store, counter(tpm, store), operator=OPERATOR).value == 51
    assert check(store, run=tpm).code == "tpm-ok"


def test_another_tpm_and_none(store: Store) -> None:
    tpm = Tpm()
    init(store, counter(tpm, store), operator=OPERATOR)
    tpm.value = 3
    assert check(store, run=tpm).code == "tpm-behind"
    tpm.broken = True
    assert check(store, run=tpm).code == "tpm-unreadable"


@pytest.mark.parametrize("index", ["", "1", "0x01400001", "0x01c00001", "0x01800001 -x", "; rm"])
def test_no_index(index: str) -> None:
    with pytest.raises(TpmIndexError):
        TpmCounter(index)


def test_without_the_tools_it_says_so(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TpmError, match="no-tools"):
        TpmCounter("0x01800001").read()


@pytest.fixture
def swtpm(tmp_path: Path) -> Iterator[str]:
    """A TPM in software; yields its TCTI."""
    if shutil.which("swtpm") is None or shutil.which("tpm2_nvread") is None:
        if os.environ.get("PROCTOR_REQUIRE_VPCD"):
            pytest.fail("swtpm or tpm2-tools is not installed")
        pytest.skip("swtpm or tpm2-tools is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        server = free.getsockname()[1]
    control = server + 1  # where the tools look for it
    process = subprocess.Popen(
        [
            *(
                "swtpm",
                "socket",
                "--tpm2",
                "--tpmstate",
                f"dir={tmp_path}",
                "--server",
                f"type=tcp,port={server}",
            ),
            *("--ctrl", f"type=tcp,port={control}", "--flags", "not-need-init,startup-clear"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", control), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"swtpm:host=127.0.0.1,port={server}"
    finally:
        process.terminate()
        process.wait(10)


def test_against_a_software_tpm(swtpm: str, store: Store) -> None:
    made = init(store, TpmCounter(default_index(store), tcti=swtpm), operator=OPERATOR)
    assert made.value >= 1
    assert check(store, tcti=swtpm).code == "tpm-ok"
    assert advance(store, tcti=swtpm).value == made.value + 1
    TpmCounter(default_index(store), tcti=swtpm).increment()
    assert check(store, tcti=swtpm).code == "tpm-rolled-back"
