"""One chip from access to portrait: open, prove genuine, read (9303-11 4.2, 9303-10 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from readers.emrtd import active_auth, files, pace
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES, curve_by_name
from readers.emrtd.evidence import (
    Access,
    CardAccessOrigin,
    ConsistentKeys,
    GenuineChip,
    OpenedChip,
    ProvenBy,
    RawChip,
    freeze,
)
from readers.emrtd.file_reader import FileReader, Progress
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.lds.security_infos import ID_PACE, PaceInfo
from readers.errors import (
    AccessDeniedError,
    AccessLockedError,
    ActiveAuthError,
    CardMuteError,
    ChipFileMissingError,
    ChipFileTooLargeError,
    ChipStatusError,
    PaceNotOfferedError,
    SecureMessagingError,
)
from readers.iso7816 import status_words
from readers.iso7816.apdu import CommandApdu
from readers.iso7816.channel import PlainChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from readers.emrtd.access_key import AccessKey
    from readers.emrtd.files import FileSpec
    from readers.emrtd.lds.dg15 import ActiveKey
    from readers.emrtd.secure_messaging import SecureChannel
    from readers.transport.base import Connection

_PLAIN_BLOCK: Final = 256
_INTERNAL_AUTHENTICATE: Final = 0x88
_LENGTH_TROUBLE: Final = frozenset({status_words.WRONG_LENGTH, status_words.NO_DIAGNOSIS})
_UNKNOWN_COMMAND: Final = frozenset({"6A80", "6A81", "6A86", "6A88", "6D00", "6E00"})
ASSUMED_PACE: Final = PaceInfo(
    oid=f"{ID_PACE}.2.2",
    mapping="ecdh-gm",
    suite=CipherSuite.AES_128,
    version=2,
    parameter_id=curve_by_name("brainpoolP256r1").parameter_id,
)
"""What the Vietnamese card is known to speak, for chips whose EF.CardAccess cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Limits of one conversation. `pace_tries`: keys sent to one chip; `total_s`: seconds for each of the
    three steps; `block_octets`: plain octets per read (0: what fits a short answer); `extended_length`:
    long answers are asked for in the extended form, else collected with GET RESPONSE."""

    pace_tries: int = 4
    total_s: float = 30.0
    block_octets: int = 0
    extended_length: bool = True


class _TimedConnection:
    """A connection that ends a step in time, however many commands a chip may draw it out over."""

    def __init__(self, connection: Connection, monotonic: Callable[[], float]) -> None:
        self._connection = connection
        self._monotonic = monotonic
        self._deadline = float("inf")
        self.name, self.atr = connection.name, connection.atr

    def begin(self, seconds: float) -> float:
        """Start a step; return its deadline on the monotonic clock."""
        self._deadline = self._monotonic() + seconds
        return self._deadline

    def transceive(self, command: bytes) -> bytes:
        """As the connection does. Raises CardMuteError when the step's time is over."""
        if self._monotonic() > self._deadline:
            raise CardMuteError(reason="step-deadline")
        return self._connection.transceive(command)

    def close(self) -> None:
        """Release the card."""
        self._connection.close()


class ChipReader:
    """Drives one chip over one connection. Not thread-safe; never falls back to a weaker access protocol."""

    def __init__(
        self,
        connection: Connection,
        *,
        randbytes: Callable[[int], bytes],
        monotonic: Callable[[], float],
        limits: ReadLimits | None = None,
        on_progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self._timed = _TimedConnection(connection, monotonic)
        self._plain = PlainChannel(self._timed)
        self._randbytes = randbytes
        self._monotonic = monotonic
        self._limits = limits or ReadLimits()
        self._on_progress = on_progress
        self._secure: SecureChannel | None = None
        self._tries = 0
        self._last_challenge: bytes | None = None

    @property
    def tries(self) -> int:
        """How many access keys this chip has been asked to accept."""
        return self._tries

    def open(self, key: AccessKey) -> OpenedChip:
        """Open the chip with the key and read COM, SOD, DG14 and DG15.

        Raises AccessDeniedError (wrong key), AccessLockedError (no tries left; nothing is sent),
        PaceFailedError, PaceNotOfferedError, and what reading raises."""
        if self._tries >= self._limits.pace_tries:
            raise AccessLockedError(tries=self._tries)
        progress = self._progress()
        card_access, origin = self._read_card_access(progress)
        info, name_curve = _choose(card_access)
        self._secure = self._establish(info, key, name_curve=name_curve, assumed=origin == "assumed")
        self._select_application(self._secure)
        opened = {} if card_access is None else {files.EF_CARD_ACCESS.name: card_access}
        absent = self._read_opening_files(opened, progress)
        access = Access(protocol=info.protocol, password=key.kind, card_access=origin)
        facts: dict[str, str | int] = {
            "protocol": info.protocol,
            "curve": CURVES[info.parameter_id or 0].name,
            "password": key.kind,
            "card_access": origin,
            "tries": self._tries,
        }
        if absent:
            facts["absent"] = " ".join(absent)
        return OpenedChip(files=MappingProxyType(opened), access=access, facts=freeze(facts))

    def require_genuine(self, keys: ConsistentKeys, challenge: bytes) -> GenuineChip:
        """Let the chip prove that it owns the key of DG15; `challenge` is eight fresh octets.

        Raises ActiveAuthError on a failed proof. Without DG15, or with a key that can prove nothing,
        `proven_by` is "nothing" and the facts say why: "suppressed" when the SOD lists a DG15 that the chip
        does not show."""
        self._require_fresh(challenge)
        self._timed.begin(self._limits.total_s)
        key = keys.active_key
        if key is None:
            suppressed = files.DG15 in listed_files(keys)
            return _genuine(
                keys, "nothing", {"active_authentication": "suppressed" if suppressed else "no-dg15"}
            )
        weakness = active_auth.weakness(key)
        if weakness is not None:
            return _genuine(keys, "nothing", {"active_authentication": weakness})
        signature = self._sign(key, challenge)
        algorithm = active_auth.require_signature(key, challenge, signature)
        return _genuine(keys, "aa", {"aa_hash_algorithm": algorithm, "aa_key_bits": key.bits})

    def read(self, genuine: GenuineChip) -> RawChip:
        """Read DG1, DG13 where the SOD lists it and the chip gives it, and DG2. Raises what reading
        raises."""
        progress = self._progress()
        reader = self._file_reader(progress)
        content = {files.DG1.name: reader.read(files.DG1)}
        facts: dict[str, str | int] = {}
        if files.DG13 in listed_files(genuine.keys):
            try:
                content[files.DG13.name] = reader.read(files.DG13)
            except (ChipFileMissingError, ChipFileTooLargeError, ChipStatusError) as error:
                facts["dg13"] = error.code
        content[files.DG2.name] = reader.read(files.DG2)
        facts["files"] = " ".join(content)
        facts["octets"] = sum(len(octets) for octets in content.values())
        return RawChip(genuine=genuine, files=MappingProxyType(content), facts=freeze(facts))

    def _progress(self) -> Progress:
        return Progress(
            on_progress=self._on_progress,
            monotonic=self._monotonic,
            deadline=self._timed.begin(self._limits.total_s),
        )

    def _read_card_access(self, progress: Progress) -> tuple[bytes | None, CardAccessOrigin]:
        """EF.CardAccess by identifier, else by short identifier, else nothing: the known default is
        assumed."""
        reader = FileReader(self._plain, block=_PLAIN_BLOCK, progress=progress)
        try:
            return reader.read(files.EF_CARD_ACCESS), "file-id"
        except (ChipFileMissingError, ChipStatusError):
            pass
        try:
            return reader.read_by_sfi(files.EF_CARD_ACCESS), "sfi"
        except (ChipFileMissingError, ChipStatusError):
            return None, "assumed"

    def _establish(self, info: PaceInfo, key: AccessKey, *, name_curve: bool, assumed: bool) -> SecureChannel:
        protocol = pace.PaceReader(self._plain, info, randbytes=self._randbytes, name_curve=name_curve)
        self._tries += 1
        try:
            return protocol.establish(key)
        except AccessDeniedError as error:
            raise AccessDeniedError(**error.facts, tries=self._tries) from None
        except ChipStatusError as error:
            if assumed and error.facts["sw"] in _UNKNOWN_COMMAND:
                raise PaceNotOfferedError(**error.facts) from None
            raise

    def _select_application(self, secure: SecureChannel) -> None:
        response = secure.send(CommandApdu(ins=0xA4, p1=0x04, p2=0x0C, data=files.LDS1_AID))
        if response.sw == status_words.FILE_NOT_FOUND:
            raise ChipFileMissingError(file="LDS1")
        status_words.require_ok(response, command="select-application")

    def _read_opening_files(self, opened: dict[str, bytes], progress: Progress) -> list[str]:
        """Read the files that come before any proof; return the names of optional ones that are absent."""
        reader = self._file_reader(progress)
        absent: list[str] = []
        for spec in (files.EF_COM, files.EF_SOD, files.DG14, files.DG15):
            try:
                opened[spec.name] = reader.read(spec)
            except ChipFileMissingError:
                if spec is files.EF_SOD:
                    raise
                absent.append(spec.name)
        return absent

    def _channel(self) -> SecureChannel:
        if self._secure is None:
            raise SecureMessagingError(reason="not-open")
        return self._secure

    def _file_reader(self, progress: Progress) -> FileReader:
        channel = self._channel()
        return FileReader(channel, block=self._limits.block_octets or channel.read_octets, progress=progress)

    def _require_fresh(self, challenge: bytes) -> None:
        if len(challenge) != active_auth.CHALLENGE_OCTETS or not any(challenge):
            raise ValueError("a challenge is eight octets, not all zero")
        if challenge == self._last_challenge:
            raise ValueError("a challenge is used once")
        self._last_challenge = challenge

    def _sign(self, key: ActiveKey, challenge: bytes) -> bytes:
        """INTERNAL AUTHENTICATE. A refusal by a chip whose signed DG15 promises a signature is a failed
        proof."""
        channel = self._channel()
        extended = self._limits.extended_length and key.bits // 8 > channel.read_octets
        command = CommandApdu(
            ins=_INTERNAL_AUTHENTICATE, data=challenge, le=256 if key.bits <= 2048 else 65536
        )
        response = channel.send(command, extended=extended)
        if response.sw in _LENGTH_TROUBLE or status_words.is_wrong_le(response.sw):
            raise ChipStatusError(command="internal-authenticate", sw=f"{response.sw:04X}")
        if response.sw != status_words.OK:
            raise ActiveAuthError(reason="refused", sw=f"{response.sw:04X}")
        return response.data


def listed_files(keys: ConsistentKeys) -> tuple[FileSpec, ...]:
    """The data groups that the signed SOD lists."""
    return tuple(
        files.DATA_GROUPS[number] for number in keys.sod.data_group_hashes if number in files.DATA_GROUPS
    )


def _choose(card_access: bytes | None) -> tuple[PaceInfo, bool]:
    """The PACE variant, and whether MSE:Set AT must name the curve because the protocol is offered with
    several."""
    if card_access is None:
        return ASSUMED_PACE, False
    offered = parse_card_access(card_access).pace
    info = pace.choose(offered)
    return info, sum(other.oid == info.oid for other in offered) > 1


def _genuine(keys: ConsistentKeys, proven_by: ProvenBy, facts: Mapping[str, str | int]) -> GenuineChip:
    return GenuineChip(keys=keys, proven_by=proven_by, facts=freeze({"proven_by": proven_by, **facts}))
