"""Small stand-ins for a card: scripted answers, and a plain chip that only knows files."""

from readers.iso7816 import tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.transport.recording import Exchange, Transcript
from readers.transport.replay import ReplayConnection


def replay(*pairs):
    """A strict replay of (command, answer) pairs."""
    return ReplayConnection(
        Transcript(exchanges=tuple(Exchange(command=command, answer=answer) for command, answer in pairs))
    )


class ScriptedConnection:
    """Answers in order, whatever is asked; remembers the commands."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.commands = []
        self.name = "scripted"
        self.atr = b""

    def transceive(self, command):
        self.commands.append(command)
        return self.answers.pop(0)

    def close(self):
        pass


class FileChannel:
    """A plain channel to a chip with files by identifier; `tweak` may change any answer."""

    def __init__(self, files, *, most=65536, tweak=None):
        self.files = files
        self.most = most
        self.tweak = tweak or (lambda command, response: response)
        self.commands = []
        self.current = b""

    def send(self, command: CommandApdu) -> ResponseApdu:
        self.commands.append(command)
        return self.tweak(command, self.answer(command))

    def answer(self, command):
        if command.ins == 0xA4:
            return self.select(command.data)
        offset, wanted = command.p1 << 8 | command.p2, command.le
        if command.ins == 0xB1:
            offset = int.from_bytes(tlv.parse_one(command.data, 0x54).value, "big")
        elif command.p1 & 0x80:
            offset = command.p2
            if self.select(bytes([0x01, command.p1 & 0x1F])).sw != 0x9000:
                return ResponseApdu(sw=0x6A82)
        if wanted > self.most:
            return ResponseApdu(sw=0x6700)
        if offset > len(self.current):
            return ResponseApdu(sw=0x6B00)
        if command.ins == 0xB1:
            room = wanted - (2 if wanted < 130 else 3)
            return ResponseApdu(data=tlv.encode(0x53, self.current[offset : offset + room]), sw=0x9000)
        return ResponseApdu(data=self.current[offset : offset + wanted], sw=0x9000)

    def select(self, file_id):
        if file_id not in self.files:
            return ResponseApdu(sw=0x6A82)
        self.current = self.files[file_id]
        return ResponseApdu(sw=0x9000)
