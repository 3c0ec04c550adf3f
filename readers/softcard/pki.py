"""The training PKI: CSCAs, document signers and CRL, made from `pki.toml` and kept in one directory.

Created when absent; a signer whose usage period runs out and a CRL that ages are replaced on loading. The
keys lie there unencrypted (0600) and protect nothing: every certificate carries the training marker.
"""

from __future__ import annotations

import os
import time
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from readers.emrtd.pki.certificate import TRAINING_MARKER, TRAINING_ORGANIZATION
from readers.softcard.pki_maker import Maker, TrainingPkiError
from readers.softcard.signing import Credential

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from readers.softcard.options import ChipOptions

__all__ = ["Credential", "TrainingPki", "TrainingPkiError", "load_spec", "training_pki"]

_LOCK_FILE: Final = ".lock"
_LOCK_S: Final = 5.0
_LOCK_POLL_S: Final = 0.02
_PASSPORT_CSCAS: Final = {"VNM": "passport_csca", "UTO": "utopia_csca"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPki:
    """csca is the anchor to import, crl its list (DER); revoked_signer is on it; unknown_* are never
    imported. passport_cscas, passport_crls: of passports, by issuing state."""

    csca: Credential
    signer: Credential
    revoked_signer: Credential
    unknown_csca: Credential
    unknown_signer: Credential
    passport_cscas: dict[str, Credential]
    passport_crls: dict[str, bytes] = field(repr=False)
    crl: bytes = field(repr=False)
    maker: Maker = field(repr=False, compare=False)
    directory: Path

    def signer_for(self, options: ChipOptions) -> Credential:
        """The honest signer of such a chip, made and kept when first asked for. Raises TrainingPkiError."""
        is_rsa = options.sod_signature.startswith("rsa")
        kind = "rsa" if is_rsa else options.signer_parameters
        if options.document != "passport" and kind == "named":
            return self.signer
        name = _PASSPORT_CSCAS[options.state] if options.document == "passport" else "csca"
        row = "passport_signer" if options.document == "passport" else "signer"
        csca = self.passport_cscas[options.state] if options.document == "passport" else self.csca
        with _alone(self.directory / _LOCK_FILE):
            return self.maker.signer(f"{name}_signer_{kind}", csca, row=row, kind=kind)

    def odd_signer(self, name: str) -> Credential:
        """A signer that a reader must not accept, by the name of its row in `odd_signer` of the text file; made
        anew each time. Raises KeyError."""
        return self.maker.odd_signer(name, {"csca": self.csca, **self._by_name()})

    def _by_name(self) -> dict[str, Credential]:
        return {name: self.passport_cscas[state] for state, name in _PASSPORT_CSCAS.items()}


def load_spec() -> dict[str, Any]:
    """The text file, checked: it must keep the marker by which real stations refuse it."""
    text = resources.files("readers.softcard").joinpath("pki.toml").read_text(encoding="utf-8")
    spec = tomllib.loads(text)
    marker = (spec["marker"]["oid"], spec["marker"]["organization"])
    if marker != (TRAINING_MARKER, TRAINING_ORGANIZATION):
        raise TrainingPkiError(reason="marker")
    return spec


def training_pki(directory: Path, *, now: datetime, seed: bytes | None = None) -> TrainingPki:
    """Create or load the PKI in the directory. `now`: UTC. `seed`: the same keys and serials each time, for
    tests.

    Raises TrainingPkiError."""
    directory.mkdir(parents=True, exist_ok=True)
    maker = Maker(directory, spec=load_spec(), now=now, seed=seed)
    with _alone(directory / _LOCK_FILE):
        csca = maker.authority("csca")
        unknown_csca = maker.authority("unknown_csca")
        revoked = maker.signer("revoked_signer", csca)
        passports = {state: maker.authority(name) for state, name in _PASSPORT_CSCAS.items()}
        return TrainingPki(
            csca=csca,
            signer=maker.signer("signer", csca),
            revoked_signer=revoked,
            unknown_csca=unknown_csca,
            unknown_signer=maker.signer("unknown_signer", unknown_csca),
            passport_cscas=passports,
            passport_crls={
                state: maker.crl(passports[state], name=f"{name}_crl")
                for state, name in _PASSPORT_CSCAS.items()
            },
            crl=maker.crl(csca, revoked),
            maker=maker,
            directory=directory,
        )


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep two programs from making the same PKI at once; a lock left behind by a killed one is broken."""
    deadline = time.monotonic() + _LOCK_S
    while True:
        try:
            os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                lock.unlink(missing_ok=True)
            time.sleep(_LOCK_POLL_S)
        except OSError:
            raise TrainingPkiError(reason="unwritable") from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
