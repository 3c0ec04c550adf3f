"""A reader whose PACE, Chip Authentication and secure messaging are OpenPACE's, for our software card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.messages import objects, wrap
from tests.interop.openpace import Side

if TYPE_CHECKING:
    from collections.abc import Callable

APPLICATION = bytes.fromhex("A0000002471001")


class RefusedError(Exception):
    """The card answered with this status word."""

    def __init__(self, sw: int) -> None:
        self.sw = sw
        super().__init__(f"{sw:04X}")


def _encode(head: bytes, data: bytes, le: int | None) -> bytes:
    """Header, Lc, data, Le (0: as much as fits); the extended form where the data are too long for the short one."""
    if len(data) > 255:
        return head + b"\0" + len(data).to_bytes(2, "big") + data + (b"" if le is None else b"\0\0")
    return head + (bytes([len(data)]) + data if data else b"") + (b"" if le is None else bytes([le & 0xFF]))


class EacReader:
    """Reads one card; `transmit` carries a command to it and brings the answer."""

    def __init__(self, transmit: Callable[[bytes], bytes]) -> None:
        self._transmit = transmit
        self._side = Side()
        self._secure = False

    def close(self) -> None:
        """Forget the session."""
        self._side.close()

    def command(
        self, cla: int, ins: int, p1: int, p2: int, data: bytes = b"", le: int | None = None
    ) -> bytes:
        """One command, protected inside a session. Raises RefusedError."""
        if self._secure:
            return self._protected(cla, ins, p1, p2, data, le)
        return self._good(self._transmit(_encode(bytes([cla, ins, p1, p2]), data, le)))

    def _protected(self, cla: int, ins: int, p1: int, p2: int, data: bytes, le: int | None) -> bytes:
        side = self._side
        side.count()
        head = bytes([cla | 0x0C, ins, p1, p2])
        body = b""
        if data:
            body += wrap(0x85, side.encrypt(data)) if ins & 1 else wrap(0x87, b"\x01" + side.encrypt(data))
        if le is not None:
            body += wrap(0x97, bytes([le & 0xFF]))
        mac = side.mac(side.pad(head) + (side.pad(body) if body else b""))
        body += wrap(0x8E, mac)
        answer = self._transmit(_encode(head, body, 0))
        side.count()
        found = dict(objects(answer[:-2]))
        covered = answer[: -2 - len(wrap(0x8E, found.get(0x8E, b"")))]
        assert found.get(0x8E) == side.mac(side.pad(covered)), f"MAC of {answer[-2:].hex()}"
        assert found[0x99] == answer[-2:]
        self._good(answer)
        if 0x87 in found:
            assert found[0x87][0] == 1
            return side.decrypt(found[0x87][1:])
        return side.decrypt(found[0x85]) if 0x85 in found else b""

    @staticmethod
    def _good(answer: bytes) -> bytes:
        sw = int.from_bytes(answer[-2:], "big")
        if sw not in (0x9000, 0x6282):
            raise RefusedError(sw)
        return answer[:-2]

    def read_plain_card_access(self) -> bytes:
        """EF.CardAccess, before any session."""
        self.command(0, 0xA4, 2, 0x0C, b"\x01\x1c")
        return self._read()

    def read(self, identifier: int) -> bytes:
        """One file of the application."""
        self.command(0, 0xA4, 2, 0x0C, identifier.to_bytes(2, "big"))
        return self._read()

    def _read(self) -> bytes:
        content = self.command(0, 0xB0, 0, 0, le=8)
        more = content[1] & 0x7F if content[1] & 0x80 else 0
        total = 2 + more + (int.from_bytes(content[2 : 2 + more], "big") if more else content[1])
        while len(content) < total:
            where = len(content)
            content += self.command(0, 0xB0, where >> 8, where & 0xFF, le=min(200, total - where))
        return content[:total]

    def select_application(self) -> None:
        """The LDS1 eMRTD application."""
        self.command(0, 0xA4, 4, 0x0C, APPLICATION)

    def pace(self, card_access: bytes, oid: bytes, password: str, kind: int) -> None:
        """Open the card. `oid`: content octets; `password`: a CAN or a whole MRZ."""
        side = self._side
        side.offer(card_access)
        side.password(password, kind)
        self.command(0, 0x22, 0xC1, 0xA4, wrap(0x80, oid) + wrap(0x83, bytes([kind])))
        side.take_nonce(self._step(b"", 0x80))
        side.map(self._step(wrap(0x81, side.mapping_data()), 0x82))
        own = side.ephemeral_key()
        theirs = self._step(wrap(0x83, own), 0x84)
        side.agree(theirs)
        side.check_token(self._step(wrap(0x85, side.token(theirs)), 0x86, last=True))
        side.begin_pace_session()
        self._secure = True

    def _step(self, data: bytes, expected: int, *, last: bool = False) -> bytes:
        answer = self.command(0 if last else 0x10, 0x86, 0, 0, wrap(0x7C, data), le=0)
        ((tag, inside),) = objects(answer)
        assert tag == 0x7C
        return dict(objects(inside))[expected]

    def chip_auth(self, oid: str, encoded_oid: bytes, parameter_id: int, static_key: bytes) -> None:
        """Chip Authentication against the chip's public key, as point or number."""
        side = self._side
        side.offer_chip_auth(oid, parameter_id)
        own = side.chip_auth_key()
        if oid.endswith(".1"):
            self.command(0, 0x22, 0x41, 0xA6, wrap(0x91, own))
        else:
            self.command(0, 0x22, 0x41, 0xA4, wrap(0x80, encoded_oid))
            self.command(0, 0x86, 0, 0, wrap(0x7C, wrap(0x80, own)), le=0)
        side.chip_auth_agree(static_key)
        side.begin_chip_auth_session()
