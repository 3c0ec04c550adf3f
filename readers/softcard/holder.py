"""Who a software card is for: one record, from a TOML file or from code, and its MRZ and QR payload."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

from readers.cccd.expiry import expiry_by_rule
from readers.cccd.id_number import IdNumber, parse_id_number
from readers.cccd.names import fold
from readers.emrtd.dates import PartialDate
from readers.emrtd.lds.mrz import check_digit
from readers.errors import ReaderError

if TYPE_CHECKING:
    from pathlib import Path

Expiry = date | Literal["rule", "indefinite"]
_NAME_CHARACTERS: Final = 30
_DOCUMENT_DIGITS: Final = 9
_INDEFINITE: Final = "991231"
_SEXES: Final = {"Nam": "M", "Nữ": "F"}
_REQUIRED: Final = frozenset({"id_number", "full_name", "birth", "sex", "issued"})


class HolderError(ReaderError):
    """The holder file of a software card is not usable; facts `field`, `reason`."""

    code = "softcard-holder-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderRecord:
    """Everything the card says about its holder. sex: "Nam" or "Nữ"; dates are those printed on the card.

    expires: a date, "indefinite", or "rule" for what the expiry rule of the card gives."""

    id_number: str = field(repr=False)
    full_name: str = field(repr=False)
    birth: PartialDate = field(repr=False)
    sex: str = field(repr=False)
    issued: date = field(repr=False)
    expires: Expiry = field(default="rule", repr=False)
    old_number: str = field(default="", repr=False)
    nationality: str = field(default="Việt Nam", repr=False)
    ethnicity: str = field(default="Kinh", repr=False)
    religion: str = field(default="Không", repr=False)
    hometown: str = field(default="Phường Mẫu, Quận Thử, Hà Nội", repr=False)
    residence: str = field(default="Số 1 Đường Mẫu, Phường Mẫu, Quận Thử, Hà Nội", repr=False)
    marks: str = field(default="Không có", repr=False)
    father: str = field(default="Nguyễn Văn Bố", repr=False)
    mother: str = field(default="Trần Thị Mẹ", repr=False)
    spouse: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Raises HolderError, IdNumberError."""
        parse_id_number(self.id_number)
        if self.sex not in _SEXES:
            raise HolderError(field="sex", reason="unknown")
        if not fold(self.full_name):
            raise HolderError(field="full_name", reason="empty")

    @property
    def number(self) -> IdNumber:
        """The 12-digit number, parsed."""
        return parse_id_number(self.id_number)

    @property
    def expiry(self) -> date | None:
        """The last day of validity, None: indefinite."""
        if isinstance(self.expires, date):
            return self.expires
        if self.expires == "indefinite":
            return None
        known = self.birth.full or date(self.birth.year, self.birth.month or 1, self.birth.day or 1)
        return expiry_by_rule(known, self.issued)


def load_holder(path: Path) -> HolderRecord:
    """Read a holder file: TOML with the fields of HolderRecord; birth may be a date or a year such as "1950".

    Raises HolderError, IdNumberError."""
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise HolderError(field="file", reason="unreadable") from None
    except ValueError:
        raise HolderError(field="file", reason="not-toml") from None
    missing = sorted(_REQUIRED - values.keys())
    if missing:
        raise HolderError(field=missing[0], reason="missing")
    unknown = sorted(values.keys() - HolderRecord.__dataclass_fields__.keys())
    if unknown:
        raise HolderError(field=unknown[0], reason="unknown")
    return HolderRecord(**{name: _value(name, value) for name, value in values.items()})


def _value(name: str, value: Any) -> Any:
    if name == "birth":
        return _birth(value)
    if name == "expires" and value in ("rule", "indefinite"):
        return value
    if name in ("issued", "expires"):
        if type(value) is date:
            return value
        raise HolderError(field=name, reason="not-a-date")
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    raise HolderError(field=name, reason="not-a-text")


def _birth(value: Any) -> PartialDate:
    if type(value) is date:
        return PartialDate.of(value)
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return PartialDate(year=int(value))
    raise HolderError(field="birth", reason="not-a-date")


def mrz_lines(holder: HolderRecord) -> tuple[str, str, str]:
    """The three lines of the card's MRZ (9303-5), document number and optional data as Vietnam fills them."""
    number = holder.id_number[-_DOCUMENT_DIGITS:]
    first = f"IDVNM{number}{check_digit(number)}{holder.id_number}<<{check_digit(holder.id_number)}"
    birth = _mrz_birth(holder.birth)
    expiry = _INDEFINITE if holder.expiry is None else f"{holder.expiry:%y%m%d}"
    middle = f"{birth}{check_digit(birth)}{_SEXES[holder.sex]}{expiry}{check_digit(expiry)}VNM{'<' * 11}"
    composite = check_digit(first[5:] + middle[:7] + middle[8:15] + middle[18:29])
    return first, middle + composite, _mrz_name(holder.full_name)


def _mrz_birth(birth: PartialDate) -> str:
    month = "<<" if birth.month is None else f"{birth.month:02d}"
    day = "<<" if birth.day is None else f"{birth.day:02d}"
    return f"{birth.year % 100:02d}{month}{day}"


def _mrz_name(full_name: str) -> str:
    surname, _, given = fold(full_name).partition(" ")
    name = f"{surname}<<{given.replace(' ', '<')}" if given else surname
    return name[:_NAME_CHARACTERS].ljust(_NAME_CHARACTERS, "<")


def printed_birth(birth: PartialDate) -> str:
    """dd/MM/yyyy as far as known."""
    parts = [f"{part:02d}" for part in (birth.day, birth.month) if part is not None]
    return "/".join([*parts, f"{birth.year:04d}"])


def qr_payload(holder: HolderRecord) -> str:
    """The text of the QR code on the front of the 2021 card: seven fields."""
    return "|".join(
        (
            holder.id_number,
            holder.old_number,
            holder.full_name,
            printed_birth(holder.birth).replace("/", ""),
            holder.sex,
            holder.residence,
            f"{holder.issued:%d%m%Y}",
        )
    )
