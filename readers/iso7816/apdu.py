"""Command and response APDU (ISO/IEC 7816-4 5.1), short and extended length."""

from __future__ import annotations

from dataclasses import dataclass, field

from readers.errors import ChipMalformedError

MAX_SHORT_LC = 255
MAX_SHORT_LE = 256
MAX_EXTENDED_LC = 65535
MAX_EXTENDED_LE = 65536


class ApduError(ValueError):
    """A command that cannot be encoded or decoded: a bug here, or a broken command on the chip's side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandApdu:
    """One command. `le` is the number of octets expected (256 or 65536: as many as there are), None: no
    answer data."""

    cla: int = 0x00
    ins: int
    p1: int = 0x00
    p2: int = 0x00
    data: bytes = field(default=b"", repr=False)
    le: int | None = None

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes([self.cla, self.ins, self.p1, self.p2])

    @property
    def extended(self) -> bool:
        """Whether Lc or Le needs the extended form."""
        return len(self.data) > MAX_SHORT_LC or (self.le or 0) > MAX_SHORT_LE

    def encode(self) -> bytes:
        """The octets to send. Raises ApduError when a field is out of range."""
        if len(self.data) > MAX_EXTENDED_LC or not 0 < (1 if self.le is None else self.le) <= MAX_EXTENDED_LE:
            raise ApduError("field out of range")
        if not self.extended:
            lc = bytes([len(self.data)]) if self.data else b""
            le = b"" if self.le is None else bytes([self.le % MAX_SHORT_LE])
            return self.header + lc + self.data + le
        lc = b"\0" + len(self.data).to_bytes(2, "big") if self.data else b""
        le = b"" if self.le is None else (self.le % MAX_EXTENDED_LE).to_bytes(2, "big")
        return self.header + (lc + self.data + le if self.data else b"\0" + le)

    @classmethod
    def decode(cls, octets: bytes) -> CommandApdu:
        """The command in the octets (chip's side). Raises ApduError."""
        if len(octets) < 4:
            raise ApduError("shorter than a header")
        data, le = _decode_body(octets[4:])
        return cls(cla=octets[0], ins=octets[1], p1=octets[2], p2=octets[3], data=data, le=le)


def _decode_body(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if body[0] == 0 and len(body) >= 3:
        return _decode_extended(body)
    if len(body) == 1:
        return b"", body[0] or MAX_SHORT_LE
    lc, rest = body[0], body[1:]
    if len(rest) == lc:
        return rest, None
    if len(rest) == lc + 1:
        return rest[:lc], rest[lc] or MAX_SHORT_LE
    raise ApduError("Lc does not fit the data")


def _decode_extended(body: bytes) -> tuple[bytes, int | None]:
    number = int.from_bytes(body[1:3], "big")
    if len(body) == 3:
        return b"", number or MAX_EXTENDED_LE
    rest = body[3:]
    if len(rest) == number:
        return rest, None
    if len(rest) == number + 2:
        return rest[:number], int.from_bytes(rest[number:], "big") or MAX_EXTENDED_LE
    raise ApduError("Lc does not fit the data")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseApdu:
    """One answer: data, never shown in repr, and the status word."""

    data: bytes = field(default=b"", repr=False)
    sw: int

    @classmethod
    def decode(cls, octets: bytes) -> ResponseApdu:
        """Split the octets of an answer. Raises ChipMalformedError when there is no status word."""
        if len(octets) < 2:
            raise ChipMalformedError(what="answer", reason="no-status-word")
        return cls(data=octets[:-2], sw=int.from_bytes(octets[-2:], "big"))

    def encode(self) -> bytes:
        """Data and SW1 SW2 (chip's side)."""
        return self.data + self.sw.to_bytes(2, "big")
