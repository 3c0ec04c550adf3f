"""The command line around the record: log, keys, witnesses, erasure, packs, backups. Names only, no logic."""

from proctor.cli_build import Builder, Commands, add_login, add_second, help_of

anchor = Commands("anchor")
backup = Commands("backup")
epoch = Commands("epoch")
erase = Commands("erase")
evidence_view = Commands("evidence_view")
keys = Commands("keys")
log = Commands("log")
pack = Commands("pack")
retention = Commands("retention")
tpm = Commands("tpm")
witness = Commands("witness")


def _add_record(log_group: Builder) -> None:
    """What concerns the log as a whole: a new epoch, looking at evidence."""
    begin = log_group.command("epoch", "log.epoch", epoch.begin)
    begin.add_argument("--reason", metavar="TEXT", required=True, help=help_of("option.reason"))
    begin.add_argument("--anchor", metavar="NOTE", action="append", help=help_of("option.epoch-anchor"))
    begin.add_argument("--second", metavar="USER", help=help_of("option.second"))
    begin.add_argument("--new-signing-key", action="store_true", help=help_of("option.new-signing-key"))
    look = log_group.command("evidence", "log.evidence", evidence_view.view)
    look.add_argument("entry", type=int, metavar="ENTRY", help=help_of("option.entry"))
    look.add_argument("--out", required=True, metavar="DIR", help=help_of("option.out"))
    look.add_argument("--reason", metavar="TEXT", required=True, help=help_of("option.reason"))
    stick = log_group.command("anchor", "log.anchor", anchor.anchor)
    stick.add_argument("--out", required=True, metavar="DIR", help=help_of("option.anchor-out"))
    stick.add_argument("--session", metavar="S", help=help_of("option.session"))
    for parser in (begin, look, stick):
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(parser)


def _add_log(group: Builder) -> None:
    """Verifying, reading and exporting a log, ours or a file."""
    verify = group.command("verify", "log.verify", log.verify)
    verify.add_argument("--station-key", metavar="FP", action="append", help=help_of("option.station-key"))
    verify.add_argument("--anchor", metavar="FILE", action="append", help=help_of("option.anchor"))
    verify.add_argument("--witness-key", metavar="VKEY", action="append", help=help_of("option.witness-key"))
    depth = verify.add_mutually_exclusive_group()
    depth.add_argument("--full", action="store_true", help=help_of("option.full"))
    depth.add_argument("--quick", action="store_true", help=help_of("option.quick"))
    show = group.command("show", "log.show", log.show)
    show.add_argument("--entry", type=int, metavar="ENTRY", help=help_of("option.show-entry"))
    show.add_argument("--session", metavar="S", help=help_of("option.session"))
    export = group.command("export", "log.export", log.export)
    export.add_argument("--tiles", metavar="DIR", help=help_of("option.tiles"))
    export.add_argument("--rows", metavar="FILE", help=help_of("option.rows"))
    for parser in (verify, show, export):
        parser.add_argument("path", nargs="?", metavar="PATH", help=help_of("option.path"))
        parser.add_argument("--key-file", metavar="F", help=help_of("option.key-file"))
        parser.add_argument("--evidence-keys", metavar="F", help=help_of("option.evidence-keys"))
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(parser)


def _add_keys(build: Builder) -> None:
    """Which keys there are, and new ones."""
    group = build.group("keys", "keys")
    show = group.command("show", "keys.show", keys.show)
    show.add_argument("--training", action="store_true", help=help_of("option.training"))
    rotate = group.command("rotate", "keys.rotate", keys.rotate)
    rotate.add_argument("what", choices=("station", "secrets"), help=help_of("option.rotate-what"))
    rotate.add_argument("--reason", metavar="TEXT", required=True, help=help_of("option.reason"))
    rotate.add_argument("--pkcs11", metavar="LIB", help=help_of("option.pkcs11"))
    rotate.add_argument("--token", metavar="LABEL", help=help_of("option.token"))
    rotate.add_argument("--key", metavar="LABEL", help=help_of("option.token-key"))
    rotate.add_argument("--drop", metavar="USER", action="append", help=help_of("option.drop"))
    passwd = group.command("passwd", "keys.passwd", keys.passwd)
    enrol = group.command("enrol", "keys.enrol", keys.enrol_user)
    enrol.add_argument("user", metavar="USER", help=help_of("option.enrol-user"))
    pinning = group.command("department", "keys.department", keys.department_key)
    pinning.add_argument("file", metavar="FILE", help=help_of("option.department-file"))
    pinning.add_argument("--compared", metavar="SHA256", help=help_of("option.key-compared"))
    for parser in (rotate, enrol, pinning):
        add_second(parser)
    for parser in (show, rotate, passwd, enrol, pinning):
        add_login(parser)
    offline = build.group("department", "department")
    init = offline.command("init", "department.init", keys.department_init)
    init.add_argument("--out", required=True, metavar="DIR", help=help_of("option.department-out"))
    init.add_argument("--name", required=True, metavar="NAME", help=help_of("option.department-name"))
    init.add_argument("--secrets-fd", type=int, metavar="N", help=help_of("option.secrets-fd"))
    shown = offline.command("show", "department.show", keys.department_show)
    shown.add_argument("file", metavar="FILE", help=help_of("option.department-file"))


def _add_witness(build: Builder) -> None:
    group = build.group("witness", "witness")
    init = group.command("init", "witness.init", witness.init)
    init.add_argument("--name", required=True, metavar="NAME", help=help_of("option.witness-name"))
    init.add_argument("--pq", action="store_true", help=help_of("option.pq"))
    init.add_argument("--unattended", action="store_true", help=help_of("option.unattended"))
    serve = group.command("serve", "witness.serve", witness.serve)
    serve.add_argument("--listen", required=True, metavar="HOST:PORT", help=help_of("option.listen"))
    trusting = group.command("trust", "witness.trust", witness.trust)
    trusting.add_argument("file", metavar="VKEYFILE", help=help_of("option.station-vkey"))
    trusting.add_argument("--replace", metavar="FINGERPRINT", help=help_of("option.replace"))
    for parser in (init, serve, trusting, group.command("show", "witness.show", witness.show)):
        parser.add_argument("--dir", required=True, metavar="DIR", help=help_of("option.witness-dir"))
    for parser in (init, serve):
        parser.add_argument("--secrets-fd", type=int, metavar="N", help=help_of("option.secrets-fd"))
    fetch = group.command("fetch", "witness.fetch", anchor.fetch)
    fetch.add_argument("--origin", required=True, metavar="ORIGIN", help=help_of("option.origin"))
    fetch.add_argument("--out", required=True, metavar="DIR", help=help_of("option.anchor-out"))
    add = group.command("add", "witness.add", witness.add)
    for parser in (add, fetch):
        parser.add_argument("--address", required=True, metavar="URL", help=help_of("option.witness-address"))
        parser.add_argument("--vkey", required=True, metavar="VKEY", help=help_of("option.witness-vkey"))
        parser.add_argument("--tls-pin", required=True, metavar="SHA256", help=help_of("option.tls-pin"))
    add.add_argument("--require", action="store_true", help=help_of("option.require"))
    add.add_argument("--dry-run", action="store_true", help=help_of("option.key-dry-run"))
    add.add_argument("--compared", metavar="SHA256", help=help_of("option.key-compared"))
    remove = group.command("remove", "witness.remove", witness.remove)
    remove.add_argument("witness", metavar="WITNESS", help=help_of("option.witness"))
    for parser in (add, remove):
        add_second(parser)
    push = group.command("push", "witness.push", witness.push_all)
    push.add_argument("--wait", type=float, default=10.0, metavar="S", help=help_of("option.witness-wait"))
    for parser in (add, remove, push, group.command("list", "witness.list", witness.list_all)):
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(parser)


def _add_erasure(build: Builder) -> None:
    """What is erased, what must not be, and when."""
    gone = build.command("erase", "erase", erase.erase)
    gone.add_argument("--session", required=True, metavar="S", help=help_of("option.session"))
    gone.add_argument("--candidate", metavar="SBD", help=help_of("option.candidate"))
    gone.add_argument("--pieces", metavar="KIND,…", help=help_of("option.pieces"))
    gone.add_argument("--reason", metavar="CODE", help=help_of("option.erase-reason"))
    gone.add_argument("--dry-run", action="store_true", help=help_of("option.dry-run"))
    gone.add_argument("--proof", type=int, metavar="ENTRY", help=help_of("option.proof"))
    holds = build.group("hold", "hold")
    placing = holds.command("place", "hold.place", erase.place)
    releasing = holds.command("release", "hold.release", erase.release)
    for parser in (placing, releasing):
        parser.add_argument("--session", required=True, metavar="S", help=help_of("option.session"))
        parser.add_argument("--candidate", metavar="SBD", help=help_of("option.candidate"))
        parser.add_argument("--reason", required=True, metavar="CODE", help=help_of("option.erase-reason"))
    listing = holds.command("list", "hold.list", erase.list_holds)
    terms = build.group("retention", "retention")
    planning = terms.command("plan", "retention.plan", retention.plan)
    planning.add_argument("--on", metavar="YYYY-MM-DD", help=help_of("option.on"))
    running = terms.command("run", "retention.run", retention.run)
    running.add_argument("--clock-checked", action="store_true", help=help_of("option.clock-checked"))
    for parser in (gone, running):
        parser.add_argument("--yes", action="store_true", help=help_of("option.yes"))
        parser.add_argument("--out", metavar="DIR", help=help_of("option.out-proof"))
    for parser in (listing, planning, running):
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
    for parser in (gone, placing, releasing, running):
        add_second(parser)
    for parser in (gone, placing, releasing, listing, planning, running):
        add_login(parser)


def _add_packs(build: Builder) -> None:
    """A session's file for the department."""
    group = build.group("pack", "pack")
    export = group.command("export", "pack.export", pack.export)
    export.add_argument("--session", required=True, metavar="S", help=help_of("option.session"))
    export.add_argument("--out", required=True, metavar="DIR", help=help_of("option.pack-out"))
    export.add_argument("--sheets", metavar="DIR", help=help_of("option.pack-sheets"))
    add_second(export)
    add_login(export)
    verify = group.command("verify", "pack.verify", pack.verify)
    opening = group.command("open", "pack.open", pack.open_file)
    for parser, needed in ((verify, False), (opening, True)):
        parser.add_argument("file", metavar="FILE", help=help_of("option.pack-file"))
        believed = parser.add_mutually_exclusive_group()
        believed.add_argument(
            "--station-key", metavar="FP", action="append", help=help_of("option.station-key")
        )
        believed.add_argument("--pins", metavar="DIR", help=help_of("option.pack-pins"))
        parser.add_argument(
            "--witness-key", metavar="VKEY", action="append", help=help_of("option.witness-key")
        )
        private = help_of("option.department-key")
        parser.add_argument("--department-key", metavar="FILE", required=needed, help=private)
        parser.add_argument("--anchor", metavar="FILE", action="append", help=help_of("option.pack-anchor"))
        parser.add_argument("--secrets-fd", type=int, metavar="N", help=help_of("option.secrets-fd"))
    opening.add_argument("--out", required=True, metavar="DIR", help=help_of("option.pack-open-out"))


def _add_keeping(build: Builder) -> None:
    """Backups, and what comes back from them."""
    saving = build.command("backup", "backup", backup.backup)
    saving.add_argument("--to", metavar="DIR", help=help_of("option.backup-to"))
    saving.add_argument("--keys-to", metavar="DIR", help=help_of("option.keys-to"))
    saving.add_argument("--set", metavar="DIR", help=help_of("option.backup-set"))
    saving.add_argument("--training", action="store_true", help=help_of("option.training"))
    back = build.command("restore", "restore", backup.bring_back)
    back.add_argument("data", metavar="DATA", help=help_of("option.restore-data"))
    back.add_argument("--keys", metavar="FILE", help=help_of("option.restore-keys"))
    back.add_argument("--department-key", metavar="FILE", help=help_of("option.department-key"))
    back.add_argument("--anchor", metavar="FILE", action="append", help=help_of("option.restore-anchor"))
    back.add_argument(
        "--station-key", metavar="FP|FILE", action="append", help=help_of("option.restore-station-key")
    )
    back.add_argument("--without-evidence", action="store_true", help=help_of("option.without-evidence"))
    back.add_argument("--new-signing-key", action="store_true", help=help_of("option.new-signing-key"))
    back.add_argument("--reason", metavar="TEXT", required=True, help=help_of("option.reason"))
    back.add_argument("--second", metavar="USER", help=help_of("option.second"))
    back.add_argument("--training", action="store_true", help=help_of("option.restore-training"))
    for parser in (saving, back):
        add_login(parser)


def _add_tpm(build: Builder) -> None:
    group = build.group("tpm", "tpm")
    init = group.command("init", "tpm.init", tpm.init)
    init.add_argument("--index", metavar="0x018…", help=help_of("option.tpm-index"))
    others = (
        group.command("check", "tpm.check", tpm.compare),
        group.command("count", "tpm.count", tpm.count),
    )
    for parser in (init, *others):
        parser.add_argument("--tcti", metavar="TCTI", help=help_of("option.tcti"))
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(parser)


def add_log_commands(build: Builder) -> None:
    """Add `log` with its commands."""
    group = build.group("log", "log")
    _add_record(group)
    _add_log(group)


def add_record_commands(build: Builder) -> None:
    """Add packs, erasure, keys, backups, witnesses and the TPM's counter."""
    _add_packs(build)
    _add_erasure(build)
    _add_keys(build)
    _add_keeping(build)
    _add_witness(build)
    _add_tpm(build)
