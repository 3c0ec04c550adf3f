"""One question to a time-stamp authority (RFC 3161, 3.4 over HTTP), only where the operator gave an address."""

import http.client
import json
import socket
import threading
import time
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from asn1crypto import algos, tsp

from proctor.signing_ocsp import is_address
from proctor.stamp_errors import StampAnswerError, StampSettingsError, StampUnreachableError
from sessions.files import write_private
from sessions.root import DataRoot

FILE: Final = "time-stamps.toml"
DEADLINE_S: Final = 20.0
MAX_REPLY: Final = 256 * 1024
MAX_SETTINGS: Final = 16 * 1024
MAX_TIMEOUT_S: Final = 120
_STEP_S: Final = 5.0
_CHUNK: Final = 16 * 1024
_KEYS: Final = frozenset({"url", "timeout_s", "policy"})
_REPLY: Final = "application/timestamp-reply"
_GRANTED: Final = frozenset({"granted", "granted_with_mods"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TsaSettings:
    """Where time stamps are asked for, how long to wait in seconds, and under which policy (an OID, or nothing)."""

    url: str
    timeout_s: float = DEADLINE_S
    policy: str = ""


def read_settings(root: DataRoot) -> TsaSettings:
    """Return the settings in a root's `time-stamps.toml`. Raises StampSettingsError."""
    path = Path(root.path) / FILE
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SETTINGS + 1)
        table = tomllib.loads(data.decode("utf-8"))
    except FileNotFoundError:
        raise StampSettingsError(file=FILE, why="missing") from None
    except (OSError, ValueError):
        raise StampSettingsError(file=FILE, why="unreadable") from None
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise StampSettingsError(file=FILE, why="key", key=unknown[0][:40])
    return _settings(table)


def write_address(root: DataRoot, url: str) -> None:
    """Ask this address for time stamps from now on, "" nobody; how long to wait and the policy stay as they are.

    Raises StampSettingsError for what is no address, or a file that is no good, OSError.
    """
    path = Path(root.path) / FILE
    if not url:
        path.unlink(missing_ok=True)
        return
    if not is_address(url):
        raise StampSettingsError(file=FILE, why="url")
    known = read_settings(root) if path.exists() else TsaSettings(url=url)
    lines = [f"url = {json.dumps(url)}", f"timeout_s = {known.timeout_s:g}"]
    lines += [f"policy = {json.dumps(known.policy)}"] if known.policy else []
    write_private(path, "".join(f"{line}\n" for line in lines).encode())


def _settings(table: dict[str, object]) -> TsaSettings:
    url, wait, policy = table.get("url"), table.get("timeout_s", DEADLINE_S), table.get("policy", "")
    if not isinstance(url, str) or not is_address(url):
        raise StampSettingsError(file=FILE, why="url")
    if isinstance(wait, bool) or not isinstance(wait, (int, float)) or not 1 <= wait <= MAX_TIMEOUT_S:
        raise StampSettingsError(file=FILE, why="timeout")
    if not isinstance(policy, str) or (policy and not all(part.isdigit() for part in policy.split("."))):
        raise StampSettingsError(file=FILE, why="policy")
    return TsaSettings(url=url, timeout_s=float(wait), policy=policy)


def request_token(settings: TsaSettings, digest: bytes, *, nonce: int) -> bytes:
    """Return the token (DER ContentInfo) that the authority gives for a SHA-256 digest.

    Only form, status and nonce are looked at: whose it is and what it stamps is judged elsewhere. Raises
    StampUnreachableError, StampAnswerError.
    """
    fields = {
        "version": 1,
        "message_imprint": {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "hashed_message": digest,
        },
        "nonce": nonce,
        "cert_req": True,
    }
    if settings.policy:
        fields["req_policy"] = settings.policy
    return _token(_post(settings, tsp.TimeStampReq(fields).dump()), nonce)


def _token(reply: bytes, nonce: int) -> bytes:
    try:
        answer = tsp.TimeStampResp.load(reply, strict=True)
        status = answer["status"]["status"].native
        if status not in _GRANTED:
            raise StampAnswerError(why="refused")
        token = answer["time_stamp_token"]
        said = token["content"]["encap_content_info"]["content"].parsed["nonce"].native
        der = token.dump()
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        raise StampAnswerError(why="unreadable") from None
    if said != nonce:
        raise StampAnswerError(why="nonce")
    return bytes(der)


def _post(settings: TsaSettings, body: bytes) -> bytes:
    end = time.monotonic() + settings.timeout_s
    parts = urlsplit(settings.url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=min(_STEP_S, settings.timeout_s))
    watch = threading.Timer(settings.timeout_s, _hang_up, (connection,))
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/timestamp-query", "Accept": _REPLY}
        connection.request("POST", path, body, headers)
        with connection.getresponse() as reply:
            if reply.status != http.client.OK or reply.headers.get_content_type() != _REPLY:
                raise StampAnswerError(why="http", status=reply.status)
            return _read(reply, end)
    except (OSError, http.client.HTTPException) as error:
        raise StampUnreachableError(kind=type(error).__name__) from None
    finally:
        watch.cancel()
        connection.close()


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End a call that drips: whoever waits for it gets an error."""
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _read(reply: http.client.HTTPResponse, end: float) -> bytes:
    """Return a body that comes whole, in time, and not too large."""
    data = b""
    while chunk := reply.read1(_CHUNK):
        data += chunk
        if len(data) > MAX_REPLY:
            raise StampAnswerError(why="too-large")
        if time.monotonic() > end:
            raise StampUnreachableError(kind="TimeoutError")
    if reply.length:
        raise StampUnreachableError(kind="IncompleteRead")
    return data
