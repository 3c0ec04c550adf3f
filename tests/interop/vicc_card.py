"""A card of vsmartcard's emulator (python3-virtualsmartcard) in the virtual reader, until SIGTERM; one line when it
is in.

python -m tests.interop.vicc_card --pki DIR [--port N]

The emulator is somebody else's: only what the package lacks on a Debian system is supplied here. `eac` and `chat`
(the bindings of OpenPACE, which Debian leaves out) stand on ctypes; `Crypto` (DES for Basic Access Control) on
`cryptography`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import re
import signal
import socket
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from readers.emrtd.files import ALL_FILES, EF_CARD_ACCESS
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_card
from tests.interop.eac_chip import APPLICATION
from tests.interop.openpace import Foreign
from tests.support.softcard import NOW, fake_jpeg

if TYPE_CHECKING:
    from collections.abc import Callable

CAN = "222222"
MRZ_INFORMATION = "T22000129364081252010315"
_FOLDERS = (
    "/usr/lib/python3/site-packages/virtualsmartcard",
    "/usr/lib/python3/dist-packages/virtualsmartcard",
    "/usr/lib/python3/dist-packages",
)


def installed() -> str | None:
    """The folder that the emulator can be imported from, or None."""
    return next(
        (folder for folder in _FOLDERS if Path(folder, "virtualsmartcard/VirtualSmartcard.py").exists()), None
    )


def require_emulator() -> None:
    """Skip where the emulator is missing; fail instead where PROCTOR_REQUIRE_VPCD=1 says that all parts are there."""
    if installed() is None:
        reason = "vsmartcard's emulator is not installed (apt-get install python3-virtualsmartcard)"
        if os.environ.get("PROCTOR_REQUIRE_VPCD") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


class _Bindings(types.ModuleType):
    """The module `eac`: every function of the library that the emulator calls, octets in and out."""

    PACE_MRZ, PACE_CAN, PACE_PIN, PACE_PUK = 1, 2, 3, 4
    EAC_ID_PACE, EAC_ID_CA = 0, 1

    def __init__(self) -> None:
        super().__init__("eac")
        self._foreign = Foreign()

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments: self._foreign.call(name, *arguments)

    @staticmethod
    def EAC_init() -> None:  # noqa: N802
        """Done when the library was loaded."""

    @staticmethod
    def EAC_CTX_print_private(*_: object) -> str:  # noqa: N802
        """The emulator logs it: nothing."""
        return ""

    @staticmethod
    def print_ossl_err() -> None:
        """The emulator says itself that it failed."""


def _chat(bindings: _Bindings) -> types.ModuleType:
    """The module `chat`: holders of the library's objects."""
    module: Any = types.ModuleType("chat")

    class Password:
        def __init__(self, secret: bytes, kind: int) -> None:
            self.sec = bindings.PACE_SEC_new(secret, kind)

    class Context:
        def __init__(self) -> None:
            self.ctx = bindings.EAC_CTX_new()

    module.PACE_SEC, module.EAC_CTX = Password, Context
    module.CHAT = module.CVC = type("Absent", (), {})
    return module


def _crypto() -> dict[str, types.ModuleType]:
    """As much of `Crypto` as the emulator's Basic Access Control takes: DES and two-key 3DES."""

    class Mode:
        MODE_ECB, MODE_CBC = 1, 2
        block_size = 8

        @staticmethod
        def new(key: bytes, mode: int, iv: bytes = bytes(8)) -> Any:
            algorithm = TripleDES(key * 3 if len(key) == 8 else key + key[:8])
            made = Cipher(algorithm, modes.CBC(iv) if mode == Mode.MODE_CBC else modes.ECB())  # noqa: S305
            return types.SimpleNamespace(
                encrypt=lambda data: made.encryptor().update(data),
                decrypt=lambda data: made.decryptor().update(data),
            )

    names = ("Crypto", "Crypto.Cipher", "Crypto.Hash")
    found: dict[str, Any] = {name: types.ModuleType(name) for name in names}
    found["Crypto.Cipher"].DES = found["Crypto.Cipher"].DES3 = Mode
    found["Crypto.Cipher"].AES = found["Crypto.Cipher"].ARC4 = types.ModuleType("none")
    found["Crypto.Hash"].HMAC = found["Crypto.Hash"].SHA = types.ModuleType("none")
    return found


_TEXT_FOR_OCTETS: Final = (
    (re.compile(r'(?<!["b\\])""(?!")'), 'b""'),
    (re.compile(r'return b""\.join\(result\)'), "return result"),
    (re.compile(r"stringtoint\((value\[0\]|self\.__config_string\[position\+1\])\)"), r"\1"),
    (re.compile(r'= "\\x01" \+'), r'= b"\\x01" +'),
)
"""Where the emulator as packaged still takes text for octets, as the Python before 3 did: (what it says, what it
means)."""
_MENDED: Final = frozenset({"TLVutils", "SEutils", "SmartcardSAM", "nPA", "VirtualSmartcard"})


class _Mending(importlib.machinery.SourceFileLoader):
    """Loads a module of the emulator with those places mended."""

    def get_data(self, path: str) -> bytes:
        """The source, mended; no byte code."""
        if path.endswith(".pyc"):
            raise OSError(path)
        text = super().get_data(path).decode()
        if self.name.rpartition(".")[2] in _MENDED:
            for old, new in _TEXT_FOR_OCTETS:
                text = old.sub(new, text)
        return text.encode()

    def set_data(self, *_: object, **__: object) -> None:
        """Nothing is cached."""


class _Finder:
    """Finds the emulator's modules, and nothing else."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """A module below `virtualsmartcard`."""
        if name.partition(".")[0] != "virtualsmartcard":
            return None
        path = self._folder.joinpath(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not file.exists():
            return None
        places = [str(path)] if path.is_dir() else None
        return importlib.util.spec_from_file_location(
            name, file, loader=_Mending(name, str(file)), submodule_search_locations=places
        )


def prepare() -> None:
    """Make the emulator importable."""
    folder = installed()
    assert folder is not None
    sys.meta_path.insert(0, _Finder(folder))
    bindings = _Bindings()
    sys.modules.update({"eac": bindings, "chat": _chat(bindings), **_crypto()})


_NPA_TEXTS: Final = (
    "DocumentType IssuingState DateOfExpiry GivenNames FamilyNames ReligiousArtisticName AcademicTitle "
    "PlaceOfBirth Nationality Sex BirthName PlaceOfResidence Country City ZIP Street ResidencePermit1 "
    "ResidencePermit2 dg12 dg14 dg15 dg16 dg21"
)


def npa(files: dict[int, bytes] | None = None) -> Any:
    """The German identity card of the emulator (CAN and MRZ below), with an eMRTD application of these files."""
    prepare()
    generator = importlib.import_module("virtualsmartcard.CardGenerator").CardGenerator("nPA")
    generator.datagroups.update(
        dict.fromkeys(_NPA_TEXTS.split(), b"X")
        | {"CommunityID": b"02760378900276", "DateOfBirth": b"19640812"}
    )
    master, secrets = generator.getCard()
    if files:
        parts = importlib.import_module("virtualsmartcard.SmartcardFilesystem")
        application = parts.DF(parent=master, fid=0x0004, dfname=APPLICATION)
        for identifier, content in files.items():
            application.append(parts.TransparentStructureEF(parent=application, fid=identifier, data=content))
        master.append(application)
    return importlib.import_module("virtualsmartcard.cards.nPA").NPAOS(master, secrets)


def serve(card: Any, port: int, ready: str) -> None:
    """Put the card into the virtual reader with the emulator's own loop, and say so; ends when the reader does."""
    module = importlib.import_module("virtualsmartcard.VirtualSmartcard")
    loop = module.VirtualICC.__new__(module.VirtualICC)
    loop.os, loop.host, loop.port, loop.server_sock = card, "127.0.0.1", port, None
    loop.sock = socket.create_connection((loop.host, port))
    loop.sock.settimeout(None)
    print(ready, flush=True)
    loop.run()


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=35963)
    parser.add_argument("--pki", type=Path, required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    image = sample_card("mau", fake_jpeg(), training_pki(arguments.pki, now=NOW), now=NOW)
    content = {
        spec.file_id: image.files[spec.name]
        for spec in ALL_FILES
        if spec.name in image.files and spec is not EF_CARD_ACCESS
    }
    ready = {
        spec.name: hashlib.sha256(content[spec.file_id]).hexdigest()
        for spec in ALL_FILES
        if spec.file_id in content
    }
    serve(npa(content), arguments.port, json.dumps(ready))


if __name__ == "__main__":
    main()
