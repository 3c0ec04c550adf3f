"""The child process of `biometrics.decode`: images from stdin, pixels to stdout, until stdin ends.

Run as `python -m biometrics.decode_process MAX_PIXELS MEMORY_MIB CPU_S`. It imports no more than it needs and
gives itself limits where the system has them.
"""

import struct
import sys
from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageOps

if sys.platform != "win32":  # on Windows the parent's deadline and the pixel limit remain
    import resource

REQUEST = struct.Struct(">I")
ANSWER = struct.Struct(">BIII")
OK, MALFORMED, TOO_LARGE = 0, 1, 2
READY = b"+"
SIZ = b"\xff\x4f\xff\x51"


class _TooLargeError(Exception):
    def __init__(self, width: int, height: int) -> None:
        super().__init__("too large")
        self.width, self.height = width, height


def main() -> None:
    """Serve requests. A request that cannot be decoded gets an answer; the process goes on."""
    max_pixels, memory_mib, cpu_s = (int(argument) for argument in sys.argv[1:4])
    Image.init()
    Image.MAX_IMAGE_PIXELS = None  # our own limit comes first
    limit_memory(memory_mib)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sink.write(READY)
    sink.flush()
    while len(head := source.read(REQUEST.size)) == REQUEST.size:
        data = source.read(REQUEST.unpack(head)[0])
        limit_time(cpu_s)
        answer(data, max_pixels, sink)


def limit_memory(memory_mib: int) -> None:
    """Cap the address space; write no core files, which would hold portraits."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(cpu_s: int) -> None:
    """Allow `cpu_s` more seconds of processor time; beyond them the kernel ends the process."""
    if sys.platform != "win32":
        usage = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + cpu_s + 1, hard))


def answer(data: bytes, max_pixels: int, sink: BinaryIO) -> None:
    """Decode one image and write the answer."""
    try:
        width, height, pixels = decode(data, max_pixels)
    except _TooLargeError as error:
        sink.write(ANSWER.pack(TOO_LARGE, min(error.width, 2**32 - 1), min(error.height, 2**32 - 1), 0))
    except MemoryError:
        sink.write(ANSWER.pack(TOO_LARGE, 0, 0, 0))
    except Exception:  # noqa: BLE001  a process boundary: whatever a decoder throws, the image is at fault
        sink.write(ANSWER.pack(MALFORMED, 0, 0, 0))
    else:
        sink.write(ANSWER.pack(OK, width, height, len(pixels)))
        sink.write(pixels)
    sink.flush()


def decode(data: bytes, max_pixels: int) -> tuple[int, int, bytes]:
    """Return width, height and the BGR bytes of the upright image. The header's size is checked first."""
    with Image.open(BytesIO(data), formats=("JPEG", "JPEG2000", "PNG")) as image:
        for width, height in (image.size, codestream_size(data)):
            if width * height > max_pixels:
                raise _TooLargeError(width, height)
        image.load()
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I"):
            upright = upright.convert("I").point(lambda value: value / 256).convert("L")
        colour = upright.convert("RGB")
    return colour.width, colour.height, colour.tobytes("raw", "BGR")


def codestream_size(data: bytes) -> tuple[int, int]:
    """Return the largest size that a JPEG 2000 codestream states (SIZ, ISO/IEC 15444-1 A.5.1): the box may lie, and a
    small stream may stand before the one that is decoded."""
    sizes = [(0, 0)]
    at = -1 if data[:3] == b"\xff\xd8\xff" else data.find(SIZ)
    while 0 <= at <= len(data) - 24:
        sizes.append(struct.unpack_from(">II", data, at + 8))
        at = data.find(SIZ, at + 1)
    return max(sizes, key=lambda size: size[0] * size[1])


if __name__ == "__main__":
    main()
