"""A chip that can only be opened: files in plain, PACE with every mapping, BAC; each answer may be bent.

Its protocol steps are written apart from the reader's and from the software card's; the arithmetic is shared."""

import secrets
from dataclasses import dataclass, field

from readers.emrtd import bac, crypto, pace_mapping
from readers.emrtd.lds.security_infos import ID_PACE, parse_security_infos
from readers.emrtd.pace_mapping import standard_domain
from readers.iso7816 import der, tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu

ARCS = {"dh-gm": 1, "ecdh-gm": 2, "dh-im": 3, "ecdh-im": 4, "ecdh-cam": 6}
SUITES = {suite: number for number, suite in enumerate(crypto.CipherSuite, start=1)}
CHIP_AUTH_INFO = bytes.fromhex("300F060A04007F00070202030202020101")


def pace_oid(mapping, suite):
    return f"{ID_PACE}.{ARCS[mapping]}.{SUITES[suite]}"


def pace_info(mapping="ecdh-gm", suite=crypto.CipherSuite.AES_128, parameter_id=13, version=2):
    """One PACEInfo, encoded."""
    optional = b"" if parameter_id is None else der.encode_integer(parameter_id)
    oid = tlv.encode(der.OID, der.encode_oid(pace_oid(mapping, suite)))
    return tlv.encode(der.SEQUENCE, oid, der.encode_integer(version), optional)


def domain_info(mapping, algorithm, parameter_id=None):
    """One PACEDomainParameterInfo, encoded."""
    optional = b"" if parameter_id is None else der.encode_integer(parameter_id)
    oid = tlv.encode(der.OID, der.encode_oid(f"{ID_PACE}.{ARCS[mapping]}"))
    return tlv.encode(der.SEQUENCE, oid, algorithm, optional)


def algorithm(oid, *parameters):
    """One AlgorithmIdentifier, encoded."""
    return tlv.encode(der.SEQUENCE, tlv.encode(der.OID, der.encode_oid(oid)), *parameters)


def infos(*encoded):
    """EF.CardAccess with these SecurityInfos."""
    return tlv.encode(der.SET, *encoded)


def explicit_curve(curve, *, generator=None, cofactor=1):
    """id-ecPublicKey with ECParameters."""
    size = curve.size
    return algorithm(
        "1.2.840.10045.2.1",
        tlv.encode(
            der.SEQUENCE,
            der.encode_integer(1),
            tlv.encode(
                der.SEQUENCE,
                tlv.encode(der.OID, der.encode_oid("1.2.840.10045.1.1")),
                der.encode_integer(curve.p),
            ),
            tlv.encode(
                der.SEQUENCE,
                *(
                    tlv.encode(der.OCTET_STRING, number.to_bytes(size, "big"))
                    for number in (curve.a, curve.b)
                ),
            ),
            tlv.encode(der.OCTET_STRING, curve.encode(generator or curve.generator)),
            der.encode_integer(curve.n),
            der.encode_integer(cofactor),
        ),
    )


class RefusedError(Exception):
    """The chip answers with a status word alone."""

    def __init__(self, sw):
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass
class AccessChip:
    """`secrets`: password by reference; `answers`: status word by step ("mse", "nonce", "map", "agree", "token",
    "challenge", "external") instead of the step; `bend`: changes the octets of a step's answer;
    `naming`: whether DO'84' is "optional", "required", "refused" or "ignored"; `checks_keys`: whether a public key
    of another domain is refused (answer "foreign-key"); `silent`: status word of all that comes before the
    application; `files`: content by file id;
    `select` and `sfi`: status word of those ways to EF.CardAccess; `mf`: of SELECT MF, after which both work."""

    secrets: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    answers: dict = field(default_factory=dict)
    bend: dict = field(default_factory=dict)
    naming: str = "optional"
    checks_keys: bool = True
    silent: int = 0
    parameter_id: int = 13
    bac_seed: bytes | None = None
    static_key: int = 0
    select: int = 0x9000
    sfi: int = 0x9000
    mf: int = 0x6D00
    name: str = "access-chip"
    atr: bytes = b""

    def __post_init__(self):
        self.log = []
        self.current = b""
        self.pace = None
        self.challenge = b""

    def transceive(self, octets):
        command = CommandApdu.decode(octets)
        if self.silent and (command.ins, command.p1) == (0xA4, 0x04):
            self.silent = 0
        try:
            if self.silent:
                self.log.append("silent")
                raise RefusedError(self.silent)
            response = ResponseApdu(data=self.answer(command), sw=0x9000)
        except RefusedError as refused:
            response = ResponseApdu(sw=refused.sw)
        return response.encode()

    def close(self):
        pass

    def said(self, step):
        """How often a step was asked for."""
        return self.log.count(step)

    def answer(self, command):
        handlers = {
            0xA4: self.on_select,
            0xB0: self.on_read,
            0x22: self.on_mse,
            0x86: self.on_authenticate,
            0x84: self.on_challenge,
            0x82: self.on_external,
        }
        return handlers[command.ins](command)

    def step(self, name, octets=b""):
        self.log.append(name)
        if name in self.answers:
            raise RefusedError(self.answers[name])
        bend = self.bend.get(name)
        return bend(self, octets) if bend else octets

    def on_select(self, command):
        if command.p1 == 0x04:
            return self.step("application")
        if command.p1 == 0x00:
            self.log.append("mf")
            if self.mf != 0x9000:
                raise RefusedError(self.mf)
            self.select = self.sfi = 0x9000
            return b""
        self.log.append("file")
        return self.open_file(command.data, self.select)

    def open_file(self, file_id, status):
        if status != 0x9000:
            raise RefusedError(status)
        if file_id not in self.files:
            raise RefusedError(0x6A82)
        self.current = self.files[file_id]
        return b""

    def on_read(self, command):
        offset = command.p1 << 8 | command.p2
        if command.p1 & 0x80:
            self.log.append("sfi")
            self.open_file(bytes([0x01, command.p1 & 0x1F]), self.sfi)
            offset = command.p2
        return self.current[offset : offset + command.le]

    def on_mse(self, command):
        self.step("mse")
        asked = {item.tag: item.value for item in tlv.parse_all(command.data)}
        self.log.append(f"mse-{asked[0x83][0]}" + (f"-{asked[0x84].hex()}" if 0x84 in asked else ""))
        if asked[0x83][0] not in self.secrets:
            raise RefusedError(0x6A88)
        if (self.naming == "required" and 0x84 not in asked) or (self.naming == "refused" and 0x84 in asked):
            raise RefusedError(0x6A80)
        if (
            0x84 in asked
            and self.naming != "ignored"
            and int.from_bytes(asked[0x84], "big") != self.parameter_id
        ):
            raise RefusedError(0x6A88)
        domain = standard_domain(self.parameter_id if self.parameter_id < 32 else 13)
        self.pace = PaceRun(asked[0x80], self.secrets[asked[0x83][0]], domain, self.static_key)
        return b""

    def on_authenticate(self, command):
        objects = tlv.parse_one(command.data, 0x7C).children()
        value = objects[0].value if objects else b""
        if objects and objects[0].tag == self.pace.first_key_tag:
            value = self.own_kind(value)
        name, answer = self.pace.step(value)
        if name == "refused":
            self.log.append("token")
            raise RefusedError(self.answers.get("wrong-token", 0x6300))
        return self.step(name, tlv.encode(0x7C, answer))

    def own_kind(self, public_key):
        """The reader's first public key; a chip that does not check it computes with something of its own."""
        domain = self.pace.domain
        try:
            domain.require_key(public_key)
        except pace_mapping.MappingError:
            self.log.append("foreign-key")
            if self.checks_keys:
                raise RefusedError(self.answers.get("foreign-key", 0x6A80)) from None
            return domain.key_pair(secrets.token_bytes).public
        return public_key

    def on_challenge(self, command):
        self.challenge = secrets.token_bytes(8)
        return self.step("challenge", self.challenge)

    def on_external(self, command):
        self.log.append("external-sent")
        keys = bac.document_keys(self.bac_seed)
        try:
            plain = bac.unseal(keys, command.data)
        except ValueError:
            raise RefusedError(self.answers.get("wrong-key", 0x6300)) from None
        if plain[8:16] != self.challenge:
            raise RefusedError(0x6300)
        half = secrets.token_bytes(16)
        self.session = bac.session_keys(self.challenge, plain[:8], half, plain[16:])
        return self.step("external", bac.seal(keys, self.challenge + plain[:8] + half))


class PaceRun:
    """The chip's four steps of one protocol, by the octets of its identifier."""

    def __init__(self, oid, secret, domain, static_key):
        self.oid = der.decode_oid(tlv.parse_one(tlv.encode(der.OID, oid)))
        info = parse_security_infos(
            infos(tlv.encode(der.SEQUENCE, tlv.encode(der.OID, oid), der.encode_integer(2)))
        ).pace[0]
        self.mapping, self.suite = info.mapping, info.suite
        self.domain, self.secret, self.static_key = domain, secret, static_key
        self.first_key_tag = 0x83 if self.mapping.endswith("-im") else 0x81
        self.steps = [self.nonce_step, self.map_step, self.agree_step, self.token_step]

    def step(self, value):
        return self.steps.pop(0)(value)

    def nonce_step(self, _):
        self.nonce = secrets.token_bytes(pace_mapping.nonce_octets(self.suite))
        key = crypto.derive_key(self.secret, crypto.KDF_PACE, self.suite)
        zero = bytes(self.suite.block_octets)
        return "nonce", tlv.encode(0x80, crypto.cbc_encrypt(self.suite, key, zero, self.nonce))

    def map_step(self, theirs):
        if self.mapping.endswith("-im"):
            self.mapped = self.domain.map_integrated(self.suite, self.nonce, theirs)
            return "map", tlv.encode(0x82)
        self.own = self.domain.key_pair(secrets.token_bytes)
        self.mapped = self.domain.map_generic(self.nonce, self.own, theirs)
        return "map", tlv.encode(0x82, self.own.public)

    def agree_step(self, theirs):
        pair = self.mapped.key_pair(secrets.token_bytes)
        shared = self.mapped.agree(pair, theirs)
        self.enc, self.mac = (crypto.derive_key(shared, use, self.suite) for use in (1, 2))
        self.tokens = [
            pace_mapping.token(self.suite, self.mac, self.oid, self.domain, public)
            for public in (pair.public, theirs)
        ]
        return "agree", tlv.encode(0x84, pair.public)

    def token_step(self, theirs):
        expected, own = self.tokens
        if theirs != expected:
            return "refused", b""
        proof = b""
        if self.mapping == "ecdh-cam":
            data = pace_mapping.chip_authentication_data(self.domain.curve, self.own.private, self.static_key)
            proof = tlv.encode(
                0x8A, pace_mapping.encrypt_chip_authentication_data(self.suite, self.enc, data)
            )
        return "token", tlv.encode(0x86, own) + proof
