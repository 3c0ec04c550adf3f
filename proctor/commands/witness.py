"""`proctor witness …`: a witness of one's own, and the witnesses of a station."""

import asyncio
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.commands.show import reason_json
from proctor.commands.trust_import import require_compared, typed_fingerprint
from proctor.commands.witness_show import key_json, outcome_json, outcome_line, stamp, witness_json
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.fingerprints import grouped
from proctor.seconds import second_of
from proctor.witness.cosigning import push
from proctor.witness.folder import DATABASE, WitnessFolder
from proctor.witness.server import WitnessServer, open_listener
from proctor.witness.service import Service
from proctor.witness.settings import add_witness, load_witnesses, remove_witness
from sessions.checkpoint import VerifierKey
from sessions.cosignature import CosignerKey, Kind
from sessions.errors import NoteFormatError
from sessions.roles import require_may
from sessions.witness_notice import Notice
from sessions.witness_store import Cosigned, WitnessStore
from sessions.witnesses import Witness

WHO: Final = "witness"
"""Under this name the passphrase of a witness's key is asked for."""
_MAX_VKEY: Final = 8_192


# -- the witness itself ----------------------------------------------------------------------------


def init(context: Context) -> int:
    """Make a witness: key, certificate, memory."""
    options = context.options
    passphrase = None
    if not options.unattended:
        asked = (f"{WHO}: mật khẩu mới / new passphrase: ", f"{WHO}: nhập lại / again: ")
        passphrase = context.secrets.new_secret_of(WHO, *asked)
    try:
        folder = WitnessFolder.create(
            Path(options.dir),
            options.name,
            kind=Kind.ML_DSA_44 if options.pq else Kind.ED25519,
            passphrase=passphrase,
            now=datetime.now(UTC),
        )
    except NoteFormatError:
        raise CommandError("witness-name", usage=True, name=options.name) from None
    if options.unattended:
        context.say("witness.unattended")
    lines = (
        context.texts.say("witness.made", name=folder.key.name, key_id=folder.key.key_id),
        f"vkey     {folder.key.encode()}",
        f"tls-pin  {folder.tls_pin}",
    )
    context.result({"ok": True, **_folder_json(folder)}, lines)
    return 0


def serve(context: Context) -> int:
    """Answer stations until told to stop. Exit 0 when asked to end."""
    folder = WitnessFolder.open(Path(context.options.dir))
    host, port = _listen_address(context.options.listen)
    passphrase = None if folder.custody == "bare" else context.ask(WHO)
    keys = folder.unlock(passphrase)
    with folder.lock(), WitnessStore.open(folder.path / DATABASE) as store:
        try:
            listener = open_listener(host, port)
        except OSError as error:
            raise CommandError("witness-cannot-listen", address=context.options.listen) from error
        server = WitnessServer(Service(store, keys.cosigner), folder.server_context(keys))
        place = f"[{host}]" if ":" in host else host
        place = f"{place}:{listener.getsockname()[1]}"
        context.result(
            {"ok": True, "listening": place, **_folder_json(folder)},
            (context.texts.say("witness.listening", address=place, name=folder.key.name),),
        )
        context.flush()
        with listener:
            asyncio.run(_until_told(server.serve(listener)))
    return 0


async def _until_told(serving: Any) -> None:
    """Run until SIGTERM or SIGINT; where there are no such signals, until Ctrl-C."""
    task = asyncio.ensure_future(serving)
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def _listen_address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise CommandError("bad-address", usage=True, value=text)
    return host, int(port)


def trust(context: Context) -> int:
    """Pin a station's key: from now on its checkpoints are cosigned."""
    folder = WitnessFolder.open(Path(context.options.dir))
    text = read_file(context.options.file, _MAX_VKEY).decode("utf-8", errors="replace")
    try:
        key = VerifierKey.parse(text)
    except NoteFormatError:
        raise CommandError("witness-no-station-key", usage=True, file=context.options.file) from None
    replace = typed_fingerprint(context.options.replace)
    with WitnessStore.open(folder.path / DATABASE) as store:
        rows = store.key_rows(key.name)
        new = store.trust(key, at=_now(), replace=replace)
    replaced = rows[-1].key.fingerprint if new and rows else None
    data = {
        "ok": True,
        "origin": key.name,
        "fingerprint": key.fingerprint,
        "new": new,
        "replaced": replaced,
    }
    say = context.texts.say
    lines = [say("witness.trusts", origin=key.name, fingerprint=key.fingerprint)]
    if replaced is not None:
        lines.append(say("result.station-replaced", fingerprint=replaced))
    context.result(data, tuple(lines))
    return 0


def show(context: Context) -> int:
    """Show what a witness knows. Exit 1 when it has refused something that smells of a fork or a rollback."""
    folder = WitnessFolder.open(Path(context.options.dir))
    with WitnessStore.open(folder.path / DATABASE) as store:
        heads, keys, notices = store.heads(), store.key_rows(), store.notices()
    logs = [_log_json(head, count) for head, count in heads]
    alarms = [notice for notice in notices if notice.alarm]
    data = {
        "ok": not alarms,
        **_folder_json(folder),
        "keys": [
            {"origin": row.key.name, "fingerprint": row.key.fingerprint, "after": row.after, "how": row.how}
            for row in keys
        ],
        "logs": logs,
        "notices": [_notice_json(notice) for notice in notices],
        "alarms": len(alarms),
    }
    context.result(data, tuple(_show_lines(context, data)))
    return 1 if alarms else 0


def _show_lines(context: Context, data: dict[str, Any]) -> list[str]:
    say = context.texts.say
    lines = [f"{data['name']}  {data['key_id']}  {data['kind']}", f"tls-pin  {data['tls_pin']}"]
    lines += [f"  {row['origin']}  {row['fingerprint']}  {row['how']}" for row in data["keys"]]
    lines += [
        say("witness.log", origin=row["origin"], size=row["size"], root=row["root"], at=row["at"])
        for row in data["logs"]
    ]
    for row in data["notices"]:
        what = row[context.texts.language]
        lines.append(f"{row['last_at']}  {row['origin']}  {row['size']}  ×{row['count']}  {what}")
    return lines


def _folder_json(folder: WitnessFolder) -> dict[str, Any]:
    return {
        **key_json(folder.key),
        "vkey": folder.key.encode(),
        "tls_pin": folder.tls_pin,
        "custody": folder.custody,
    }


def _log_json(found: Cosigned, count: int) -> dict[str, Any]:
    head = found.head
    return {
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "at": stamp(found.at),
        "signed": count,
        "note": found.whole,
    }


def _notice_json(notice: Notice) -> dict[str, Any]:
    facts: dict[str, str | int] = {"size": notice.size, "known": notice.known, "missing": notice.missing}
    reason = reason_json(f"witness-notice-{notice.kind}", {**facts, "origin": notice.origin})
    return {
        **reason,
        "alarm": notice.alarm,
        "origin": notice.origin,
        "size": notice.size,
        "root": notice.root.hex(),
        "known": notice.known,
        "count": notice.count,
        "first_at": stamp(notice.first_at),
        "last_at": stamp(notice.last_at),
        "note": notice.note,
    }


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


# -- the station's side ----------------------------------------------------------------------------


def add(context: Context) -> int:
    """Put a witness on the station's list; two persons. With --dry-run only say what they compare with paper."""
    options = context.options
    witness = witness_of(context)
    require_compared(options.compared, witness.key.fingerprint, options.vkey)
    with open_for(context, training=options.training, login=True) as opened:
        require_may(opened.require_login().operator, "keys")
        if options.dry_run:
            lines = (witness.name, grouped(witness.key.fingerprint), grouped(witness.tls_pin))
            context.result({"ok": True, "dry_run": True, **witness_json(witness)}, lines)
            return 0
        context.say("witness.compare", name=witness.name, fingerprint=witness.key.fingerprint)
        add_witness(opened, witness, second_of(context, opened, "keys"))
    line = context.texts.say("witness.added", name=witness.name, key_id=witness.key.key_id)
    context.result({"ok": True, **witness_json(witness)}, (line,))
    return 0


def witness_of(context: Context) -> Witness:
    options = context.options
    text = options.vkey
    if "+" not in text:
        text = read_file(text, _MAX_VKEY).decode("utf-8", errors="replace")
    pin = "".join(char for char in options.tls_pin.lower() if char not in " :")
    try:
        return Witness(
            key=CosignerKey.parse(text),
            address=options.address,
            tls_pin=pin,
            required=getattr(options, "require", False),
        )
    except NoteFormatError as error:
        raise CommandError("witness-option-invalid", usage=True, why=str(error.facts.get("why"))) from None


def remove(context: Context) -> int:
    """Take a witness off the list; two persons."""
    options = context.options
    with open_for(context, training=options.training, login=True) as opened:
        require_may(opened.require_login().operator, "keys")
        second = second_of(context, opened, "keys")
        witness = remove_witness(opened, options.witness, second)
    line = context.texts.say("witness.removed", name=witness.name, key_id=witness.key.key_id)
    context.result({"ok": True, **witness_json(witness)}, (line,))
    return 0


def list_all(context: Context) -> int:
    """List the witnesses of the station. Exit 1 where the list is not what the log says."""
    with open_for(context, training=context.options.training, login=False) as opened:
        witnesses = load_witnesses(opened.root, opened.store)
    rows = [witness_json(witness) for witness in witnesses]
    lines = [_witness_line(context, witness) for witness in witnesses]
    context.result({"ok": True, "witnesses": rows}, tuple(lines or [context.texts["witness.none"]]))
    return 0


def push_all(context: Context) -> int:
    """Ask every witness for its cosignature of the newest head now. Exit 1 when a required one did not sign."""
    options = context.options
    with open_for(context, training=context.options.training, login=False) as opened:
        witnesses = load_witnesses(opened.root, opened.store)
        head = opened.store.head()
        outcomes = push(opened.store, witnesses, deadline_s=options.wait)
    ok = all(found.error is None or not (found.witness.required or found.alarm) for found in outcomes)
    data = {
        "ok": ok,
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "witnesses": [outcome_json(found) for found in outcomes],
    }
    lines = [outcome_line(context, found) for found in outcomes]
    context.result(data, tuple(lines or [context.texts["witness.none"]]))
    return 0 if ok else 1


def _witness_line(context: Context, witness: Witness) -> str:
    must = context.texts["witness.required"] if witness.required else context.texts["witness.optional"]
    return f"{witness.name}  {witness.key.key_id}  {witness.address}  {must}"
