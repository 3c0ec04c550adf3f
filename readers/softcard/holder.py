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
from readers.softcard.options import CCCD, ChipOptions, read_options
from readers.softcard.tables import TableError

if TYPE_CHECKING:
    from pathlib import Path

Expiry = date | Literal["rule", "indefinite"]
_NAME_CHARACTERS: Final = 30
_DOCUMENT_DIGITS: Final = 9
_INDEFINITE: Final = "991231"
_PASSPORT_YEARS: Final = 10
_PASSPORT_NAME: Final = 39
_PERSONAL_NUMBER: Final = 14
_EXTRA_QR_FIELDS: Final = 4
CHIP_TABLE: Final = "chip"
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
    passport_number: str = field(default="P00000001", repr=False)

    def __post_init__(self) -> None:
        """Raises HolderError, IdNumberError."""
        parse_id_number(self.id_number)
        if self.sex not in _SEXES:
            raise HolderError(field="sex", reason="unknown")
        if not fold(self.full_name):
            raise HolderError(field="full_name", reason="empty")
        number = self.passport_number
        if not 0 < len(number) <= _DOCUMENT_DIGITS or not (
            number.isascii() and number.isalnum() and number.isupper()
        ):
            raise HolderError(field="passport_number", reason="not-a-number")

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
    """The holder of a holder file. Raises HolderError, IdNumberError."""
    return load_card(path)[0]


def load_card(path: Path) -> tuple[HolderRecord, ChipOptions]:
    """Read a holder file: TOML with the fields of HolderRecord, birth a date or a year such as "1950"; and the
    table `[chip]` with those of ChipOptions, if another chip than that of the identity card is wanted.

    Raises HolderError, IdNumberError."""
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise HolderError(field="file", reason="unreadable") from None
    except ValueError:
        raise HolderError(field="file", reason="not-toml") from None
    options = _options(values.pop(CHIP_TABLE, {}))
    missing = sorted(_REQUIRED - values.keys())
    if missing:
        raise HolderError(field=missing[0], reason="missing")
    unknown = sorted(values.keys() - HolderRecord.__dataclass_fields__.keys())
    if unknown:
        raise HolderError(field=unknown[0], reason="unknown")
    return HolderRecord(**{name: _value(name, value) for name, value in values.items()}), options


def _options(table: Any) -> ChipOptions:
    try:
        return read_options(table, CHIP_TABLE)
    except TableError as error:
        raise HolderError(field=error.key, reason=error.reason) from None


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


def passport_lines(holder: HolderRecord, state: str) -> tuple[str, str]:
    """The two lines of a passport's MRZ (9303-4); Vietnam puts the identity number into the optional data."""
    number = holder.passport_number.ljust(_DOCUMENT_DIGITS, "<")
    birth, expiry = _mrz_birth(holder.birth), f"{passport_expiry(holder):%y%m%d}"
    personal = (holder.id_number if state == "VNM" else "").ljust(_PERSONAL_NUMBER, "<")
    checked = "<" if not personal.strip("<") else check_digit(personal)
    dates = f"{birth}{check_digit(birth)}", f"{expiry}{check_digit(expiry)}"
    numbered = f"{number}{check_digit(number)}"
    composite = check_digit(numbered + dates[0] + dates[1] + personal + checked)
    second = f"{numbered}{state}{dates[0]}{_SEXES[holder.sex]}{dates[1]}{personal}{checked}{composite}"
    return f"P<{state}{_mrz_name(holder.full_name, _PASSPORT_NAME)}", second


def passport_expiry(holder: HolderRecord) -> date:
    """The date of the record, else ten years after issue."""
    if isinstance(holder.expires, date):
        return holder.expires
    years = holder.issued.year + _PASSPORT_YEARS
    is_leap_day = (holder.issued.month, holder.issued.day) == (2, 29)
    return date(years, 2, 28) if is_leap_day else holder.issued.replace(year=years)


def mrz_text(holder: HolderRecord, options: ChipOptions = CCCD) -> str:
    """The whole MRZ in one line, as DG1 holds it."""
    if options.document == "passport":
        return "".join(passport_lines(holder, options.state))
    return "".join(mrz_lines(holder))


def mrz_information(holder: HolderRecord, options: ChipOptions = CCCD) -> str:
    """Document number, birth and expiry, each with its check digit: the MRZ password (9303-11 4.4.2)."""
    text = mrz_text(holder, options)
    if options.document == "passport":
        second = text[44:]
        return second[:10] + second[13:20] + second[21:28]
    return text[5:15] + text[30:37] + text[38:45]


def _mrz_birth(birth: PartialDate) -> str:
    month = "<<" if birth.month is None else f"{birth.month:02d}"
    day = "<<" if birth.day is None else f"{birth.day:02d}"
    return f"{birth.year % 100:02d}{month}{day}"


def _mrz_name(full_name: str, characters: int = _NAME_CHARACTERS) -> str:
    surname, _, given = fold(full_name).partition(" ")
    name = f"{surname}<<{given.replace(' ', '<')}" if given else surname
    return name[:characters].ljust(characters, "<")


def printed_birth(birth: PartialDate) -> str:
    """dd/MM/yyyy as far as known."""
    parts = [f"{part:02d}" for part in (birth.day, birth.month) if part is not None]
    return "/".join([*parts, f"{birth.year:04d}"])


def qr_payload(holder: HolderRecord, options: ChipOptions = CCCD) -> str:
    """The text of the QR code: seven fields on the front of the 2021 card, four empty ones more on the back of
    the 2024 card."""
    fields = [
        holder.id_number,
        holder.old_number,
        holder.full_name,
        printed_birth(holder.birth).replace("/", ""),
        holder.sex,
        holder.residence,
        f"{holder.issued:%d%m%Y}",
    ]
    if options.document == "can-cuoc":
        fields += [""] * _EXTRA_QR_FIELDS
    return "|".join(fields)


def access_text(holder: HolderRecord, options: ChipOptions = CCCD) -> str:
    """What a reader is given to open the chip: the QR payload of a card, the MRZ of a passport."""
    return mrz_text(holder, options) if options.document == "passport" else qr_payload(holder, options)
