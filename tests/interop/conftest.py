"""The private PC/SC of this folder."""

from tests.support.pcsc import private_pcsc

__all__ = ["private_pcsc"]
