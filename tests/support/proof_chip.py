"""A chip that knows nothing but Chip Authentication: one protected session, then another under the agreed keys."""

from dataclasses import replace

from readers.emrtd import crypto
from readers.emrtd.curves import CURVES
from readers.emrtd.secure_messaging import SecureChannel, SessionKeys
from readers.iso7816 import der, tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.iso7816.channel import PlainChannel
from readers.softcard.secure_session import SecureSession

OLD_SECRET = bytes(range(32))
SUITES = {
    1: crypto.CipherSuite.TDES,
    2: crypto.CipherSuite.AES_128,
    3: crypto.CipherSuite.AES_192,
    4: crypto.CipherSuite.AES_256,
}
CA = "0.4.0.127.0.7.2.2.3"
PK = "0.4.0.127.0.7.2.2.1"
SELECT = CommandApdu(ins=0xA4, p1=0x02, p2=0x0C, data=b"\x01\x1e")


def info(oid, *fields):
    """One SecurityInfo."""
    return tlv.encode(der.SEQUENCE, tlv.encode(der.OID, der.encode_oid(oid)), *fields)


def auth_info(family, cipher, *, version=1, key_id=None):
    """A ChipAuthenticationInfo: family 1 DH, 2 ECDH; cipher 1 to 4."""
    tail = [] if key_id is None else [der.encode_integer(key_id)]
    return info(f"{CA}.{family}.{cipher}", der.encode_integer(version), *tail)


def key_info(family, spki, *, key_id=None):
    """A ChipAuthenticationPublicKeyInfo."""
    tail = [] if key_id is None else [der.encode_integer(key_id)]
    return info(f"{PK}.{family}", spki, *tail)


def spki(algorithm, key):
    """SubjectPublicKeyInfo of an AlgorithmIdentifier's content and the key's octets."""
    return tlv.encode(
        der.SEQUENCE, tlv.encode(der.SEQUENCE, algorithm), tlv.encode(der.BIT_STRING, b"\0", key)
    )


def oid(dotted):
    return tlv.encode(der.OID, der.encode_oid(dotted))


def explicit(curve, **changes):
    """ECParameters with every number; `changes` replace p, a, b, g, n or h (None: left out)."""
    numbers = {
        "p": curve.p,
        "a": curve.a,
        "b": curve.b,
        "g": curve.encode(curve.generator),
        "n": curve.n,
        "h": 1,
    }
    numbers |= changes
    size = curve.size
    return tlv.encode(
        der.SEQUENCE,
        der.encode_integer(1),
        tlv.encode(der.SEQUENCE, oid("1.2.840.10045.1.1"), der.encode_integer(numbers["p"])),
        tlv.encode(
            der.SEQUENCE,
            tlv.encode(der.OCTET_STRING, numbers["a"].to_bytes(size, "big")),
            tlv.encode(der.OCTET_STRING, numbers["b"].to_bytes(size, "big")),
        ),
        tlv.encode(der.OCTET_STRING, numbers["g"]),
        der.encode_integer(numbers["n"]),
        b"" if numbers["h"] is None else der.encode_integer(numbers["h"]),
    )


def ec_spki(parameter_id, point, *, form="standard", **changes):
    """A key on a curve: parameters "standard" (by number), or "explicit"."""
    curve = CURVES[parameter_id]
    octets = point if isinstance(point, bytes) else curve.encode(point)
    if form == "standard":
        return spki(oid("0.4.0.127.0.7.1.2") + der.encode_integer(parameter_id), octets)
    return spki(oid("1.2.840.10045.2.1") + explicit(curve, **changes), octets)


def dh_spki(p, g, y, *, q=None):
    """A PKCS #3 key, or with `q` an X9.42 key."""
    numbers = [der.encode_integer(p), der.encode_integer(g)] + ([] if q is None else [der.encode_integer(q)])
    name = "1.2.840.113549.1.3.1" if q is None else "1.2.840.10046.2.1"
    return spki(oid(name) + tlv.encode(der.SEQUENCE, *numbers), der.encode_integer(y))


class ProofChip:
    """A connection. `agree`: their public key → shared secret; `status`: command name → status word instead;
    `keep_old`: the chip goes on with the old keys; `plain`: it answers the next command without protection."""

    name = "proof"
    atr = b""

    def __init__(
        self, agree, suite, *, old=crypto.CipherSuite.AES_128, status=None, keep_old=False, plain=None
    ):
        self._agree = agree
        self._suite = suite
        self._session = SecureSession(OLD_SECRET, old)
        self._old = old
        self._status = status or {}
        self._keep_old = keep_old
        self._plain = plain
        self._switched = False
        self._chain = b""
        self.commands = []
        self.raw = []

    def channel(self):
        """The reader's side of the first session."""
        return SecureChannel(PlainChannel(self), SessionKeys.derive(self._old, OLD_SECRET))

    def transceive(self, octets):
        self.raw.append(octets)
        if self._switched and self._plain is not None:
            return self._plain.to_bytes(2, "big")
        received = CommandApdu.decode(octets)
        command = self._session.unwrap(received)
        self.commands.append(command)
        if received.cla & 0x10:
            self._chain += command.data
            return self._session.wrap(ResponseApdu(sw=self._status.get("chain", 0x9000)), odd=False).encode()
        whole, self._chain = replace(command, data=self._chain + command.data), b""
        answer, secret = self._process(whole)
        protected = self._session.wrap(answer, odd=False)
        if secret is not None and not self._keep_old:
            self._session = SecureSession(secret, self._suite)
        self._switched = self._switched or secret is not None
        return protected.encode()

    def close(self):
        pass

    def _process(self, command):
        kind = {(0x22, 0xA6): "kat", (0x22, 0xA4): "at"}.get((command.ins, command.p2))
        kind = kind or {0x86: "ga", 0xA4: "select"}[command.ins]
        if kind in self._status:
            return ResponseApdu(sw=self._status[kind]), None
        if kind == "kat":
            return ResponseApdu(sw=0x9000), self._agree(tlv.require(tlv.parse_all(command.data), 0x91).value)
        if kind == "ga":
            theirs = tlv.parse_one(command.data, 0x7C).child(0x80).value
            return ResponseApdu(data=b"\x7c\x00", sw=0x9000), self._agree(theirs)
        return ResponseApdu(sw=0x9000), None


def ec_agreement(parameter_id, private):
    """The chip's half of ECDH."""
    curve = CURVES[parameter_id]
    return lambda theirs: curve.encode_x(curve.multiply(private, curve.decode(theirs)))


def dh_agreement(p, private):
    """The chip's half of Diffie-Hellman."""
    size = (p.bit_length() + 7) // 8
    return lambda theirs: pow(int.from_bytes(theirs, "big"), private, p).to_bytes(size, "big")
