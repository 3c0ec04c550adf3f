"""The private print service of this folder."""

from tests.support.cups import private_cups

__all__ = ["private_cups"]
