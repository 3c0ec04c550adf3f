"""The trust store of a real station is the one its log speaks of: deleted or put back, it stops the start."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import pem

from proctor.trusting import (
    FOLDER,
    IMPORT_BEGUN,
    carry_out_logged,
    open_logged_trust,
    open_trust,
    signer_of,
)
from readers.emrtd.pki.errors import TrustStoreAlteredError
from readers.emrtd.pki.store import PlannedImport, TrustStore
from readers.emrtd.pki.trust_file import read_trust_file
from sessions.keys import Argon2
from sessions.record import Second, SystemClock
from sessions.root import DataRoot
from sessions.users import Login, NewUser, add_first, open_store
from tests.support.softcard_certificates import authority

CHEAP = Argon2(passes=1, memory_kib=64, lanes=1)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
CSCA = authority().encoded
BINH = Second(user_id="binh", role="administrator")
COUNTED = {"fingerprint": "f" * 64, "cscas": 1, "crls": 0, "planned_sha256": "f" * 64}


@pytest.fixture
def station(tmp_path: Path) -> tuple[DataRoot, Login]:
    root = DataRoot.create(tmp_path / "station", "real", now=NOW)
    user = NewUser(user_id="an", role="administrator", name="Nguyễn Văn Mẫu", secret="mật khẩu mẫu")
    return root, add_first(root, user, clock=SystemClock(), cost=CHEAP)


def import_and_log(root: DataRoot, login: Login) -> None:
    trust = open_trust(root, login.keys)
    fingerprint = trust.import_certificate(
        CSCA, by="an", second="binh", at=NOW, sign=signer_of(root, login.keys)
    )
    with open_store(root, login.keys, SystemClock()) as log:
        body = {"event": "csca-imported", **COUNTED, "fingerprint": fingerprint, **trust.facts}
        log.append("key", body, operator=login.operator, second=BINH)


def test_an_empty_store_without_imports_is_fine(station: tuple[DataRoot, Login]) -> None:
    root, login = station
    with open_store(root, login.keys, SystemClock()) as log:
        assert open_logged_trust(root, login.keys, log).list() == ()


def test_an_import_and_its_entry_agree(station: tuple[DataRoot, Login]) -> None:
    root, login = station
    import_and_log(root, login)
    with open_store(root, login.keys, SystemClock()) as log:
        assert len(open_logged_trust(root, login.keys, log).list()) == 1


def test_a_deleted_or_older_store_is_found(station: tuple[DataRoot, Login], tmp_path: Path) -> None:
    root, login = station
    open_trust(root, login.keys)
    folder = root.trust_dir / FOLDER
    older = Path(shutil.copytree(folder, tmp_path / "older"))
    import_and_log(root, login)
    shutil.rmtree(folder)
    with open_store(root, login.keys, SystemClock()) as log:
        with pytest.raises(TrustStoreAlteredError):
            open_logged_trust(root, login.keys, log)
        assert not folder.exists()  # nothing new was made in its place
        shutil.copytree(older, folder)
        with pytest.raises(TrustStoreAlteredError):
            open_logged_trust(root, login.keys, log)


@pytest.mark.parametrize("begun", ["the same", "another", "nothing"])
def test_an_import_cut_short_is_taken_as_far_as_it_came(station: tuple[DataRoot, Login], begun: str) -> None:
    """The power went between the store and the entry that says it is done."""
    root, login = station
    trust = open_trust(root, login.keys)
    planned = plan_of(trust, CSCA if begun == "the same" else authority().encoded)
    with open_store(root, login.keys, SystemClock()) as log:
        if begun != "nothing":
            body = {"event": IMPORT_BEGUN, **COUNTED, "planned_sha256": planned.facts["store_sha256"]}
            log.append("key", body, operator=login.operator, second=BINH)
            added = {"event": "user-added", "user": "chi", "role": "auditor"}
            log.append("key", added, {"identity": b"{}"}, operator=login.operator)
        trust.carry_out(plan_of(trust, CSCA), signer_of(root, login.keys))
        if begun == "the same":
            assert len(open_logged_trust(root, login.keys, log).list()) == 1
        else:
            with pytest.raises(TrustStoreAlteredError):
                open_logged_trust(root, login.keys, log)


def plan_of(trust: TrustStore, data: bytes) -> PlannedImport:
    return trust.plan_import(
        read_trust_file(data), by="an", second="binh", at=NOW, scope="identity-card", source="f" * 64
    )


def test_a_logged_import_is_two_entries_and_one_commit(station: tuple[DataRoot, Login]) -> None:
    root, login = station
    trust = open_trust(root, login.keys)
    pem_file = b"".join(pem.armor("CERTIFICATE", authority().encoded) for _ in range(5))
    with open_store(root, login.keys, SystemClock()) as log:
        carry_out_logged(
            trust,
            plan_of(trust, pem_file),
            log,
            sign=signer_of(root, login.keys),
            by=login.operator,
            second=BINH,
            file="f" * 64,
        )
        begun, ended = (entry.body for entry in log.entries("key") if "planned_sha256" in entry.body)
        assert (begun["event"], ended["event"]) == (IMPORT_BEGUN, "csca-imported")
        assert ended["store_sha256"] == begun["planned_sha256"]
        assert (ended["cscas"], ended["store_version"]) == (5, 2)
        assert len(open_logged_trust(root, login.keys, log).list()) == 5
