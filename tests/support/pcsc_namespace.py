"""Runs inside fresh namespaces: loopback up, an empty /run, then becomes pcscd. Not imported by tests."""

import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(probe, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def main() -> None:
    pcscd, config = sys.argv[1:]
    raise_loopback()
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)
    Path("/run/pcscd").mkdir()
    known = subprocess.run([pcscd, "--help"], capture_output=True, text=True, check=False).stdout
    options = ["--disable-polkit"] if "--disable-polkit" in known else []
    os.execv(pcscd, [pcscd, "-f", "-c", config, *options])  # noqa: S606 - it must keep this process id


if __name__ == "__main__":
    main()
