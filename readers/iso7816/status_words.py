"""Status words (ISO/IEC 7816-4 5.6) that the reader tells apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.errors import ChipStatusError

if TYPE_CHECKING:
    from readers.iso7816.apdu import ResponseApdu

OK: Final = 0x9000
MORE_DATA: Final = 0x6100
END_OF_FILE: Final = 0x6282
VERIFICATION_FAILED: Final = 0x6300
WRONG_LENGTH: Final = 0x6700
CHANNEL_NOT_SUPPORTED: Final = 0x6881
NOT_ALLOWED: Final = 0x6900
SM_OBJECTS_MISSING: Final = 0x6987
SM_OBJECTS_WRONG: Final = 0x6988
SECURITY_NOT_SATISFIED: Final = 0x6982
METHOD_BLOCKED: Final = 0x6983
CONDITIONS_NOT_SATISFIED: Final = 0x6985
NO_CURRENT_EF: Final = 0x6986
NO_APPLICATION: Final = 0x6999
WRONG_DATA: Final = 0x6A80
FUNCTION_NOT_SUPPORTED: Final = 0x6A81
FILE_NOT_FOUND: Final = 0x6A82
RECORD_NOT_FOUND: Final = 0x6A83
WRONG_P1P2: Final = 0x6A86
REFERENCED_DATA_NOT_FOUND: Final = 0x6A88
WRONG_OFFSET: Final = 0x6B00
WRONG_LE: Final = 0x6C00
INS_NOT_SUPPORTED: Final = 0x6D00
CLA_NOT_SUPPORTED: Final = 0x6E00
NO_DIAGNOSIS: Final = 0x6F00


def is_wrong_le(sw: int) -> bool:
    """6Cxx: wrong Le, the low octet is the right one."""
    return sw & 0xFF00 == WRONG_LE


def is_more_data(sw: int) -> bool:
    """61xx: that many octets (0: 256 or more) wait for GET RESPONSE."""
    return sw & 0xFF00 == MORE_DATA


def is_verification_failed(sw: int) -> bool:
    """63xx: verification failed, with or without a retry counter (63Cx); 6983: blocked after too many."""
    return sw & 0xFF00 == VERIFICATION_FAILED or sw == METHOD_BLOCKED


def require_ok(response: ResponseApdu, *, command: str) -> bytes:
    """Return the data of an answer with 9000. Raises ChipStatusError with the command's name and the status
    word."""
    if response.sw != OK:
        raise ChipStatusError(command=command, sw=f"{response.sw:04X}")
    return response.data
