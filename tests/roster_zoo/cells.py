"""Roster zoo: what stands in the cells. One file per pitfall, made when the tests run."""

from __future__ import annotations

import unicodedata
from datetime import date

from tests.roster_zoo.builders import (
    GOOD,
    HEAD,
    OTHER,
    as_csv,
    as_ods,
    as_xlsx,
)
from tests.roster_zoo.case import FILES, MAU, THI, Case, csv_case, with_

CELLS: list[Case] = [
    # -- candidate numbers
    Case(
        "sbd-as-numbers",
        lambda: as_xlsx([HEAD, [1, *GOOD[1:]], [12, *OTHER[1:]]]),
        rows=[MAU, ("012", *THI[1:])],
        changes={(2, "roster-sbd-padded"), (3, "roster-sbd-padded")},
    ),
    csv_case("sbd-quoted-formula", ['="001"', *GOOD[1:]]),
    Case(
        "sbd-quoted-formula-as-it-stands",
        lambda: as_csv([HEAD]) + b'\r\n="001",' + ",".join(GOOD[1:]).encode(),
    ),
    csv_case("sbd-letter-o", ["0O1", *GOOD[1:]], changes={(2, "roster-sbd-letter-o")}),
    csv_case("sbd-with-letters", ["TS-0001", *GOOD[1:]], rows=[("TS-0001", *MAU[1:])]),
    csv_case(
        "sbd-twice",
        GOOD,
        ["1", *OTHER[1:]],
        ["003", "LÊ VĂN MẪU", "2000", "001200000003"],
        rows=[("003", "LÊ VĂN MẪU", "2000", "001200000003")],
        refused={(2, "roster-sbd-duplicate"), (3, "roster-sbd-duplicate")},
    ),
    csv_case("sbd-missing", ["", *GOOD[1:]], OTHER, rows=[THI], refused={(2, "roster-sbd-missing")}),
    Case(
        "no-sbd-column",
        lambda: as_xlsx([["STT", *HEAD[1:]], [1, *GOOD[1:]], [2, *OTHER[1:]]]),
        rows=[MAU, THI],
        changes={(2, "roster-sbd-padded"), (3, "roster-sbd-padded")},
        guesses={(0, "roster-sbd-from-stt")},
    ),
    Case(
        "empty-sbd-column",
        lambda: as_xlsx([["STT", *HEAD], ["001", "", *GOOD[1:]]]),
        guesses={(0, "roster-sbd-from-stt")},
    ),
    # -- names
    csv_case("name-nfd", with_(1, unicodedata.normalize("NFD", GOOD[1])), changes={(2, "roster-text-nfc")}),
    csv_case(
        "name-other-d",
        with_(1, "\u00d0ỖN VĂN MẪU"),
        rows=[("001", "ĐỖN VĂN MẪU", *MAU[2:])],
        changes={(2, "roster-text-dstroke")},
    ),
    csv_case("name-no-break-space", with_(1, "NGUYỄN\u00a0VĂN MẪU"), changes={(2, "roster-text-invisible")}),
    csv_case(
        "name-zero-width", with_(1, "NGUYỄN \u200bVĂN MẪU\ufeff"), changes={(2, "roster-text-invisible")}
    ),
    csv_case("name-old-tone-place", with_(1, "Trần Thị Hòa"), rows=[("001", "Trần Thị Hòa", *MAU[2:])]),
    csv_case(
        "name-formula",
        with_(1, '=HYPERLINK("http://x","NGUYỄN VĂN MẪU")'),
        OTHER,
        rows=[THI],
        refused={(2, "roster-formula-text")},
    ),
    csv_case("name-command", with_(1, "@SUM(1)"), OTHER, rows=[THI], refused={(2, "roster-formula-text")}),
    csv_case(
        "name-lost-letters",
        with_(1, "NGUY?N V?N M?U"),
        OTHER,
        rows=[THI],
        refused={(2, "roster-name-lost-letters")},
    ),
    csv_case("name-digits", with_(1, "NGUYỄN 5"), OTHER, rows=[THI], refused={(2, "roster-name-invalid")}),
    csv_case("name-missing", with_(1, ""), OTHER, rows=[THI], refused={(2, "roster-name-missing")}),
    csv_case(
        "namesakes",
        GOOD,
        ["002", "Nguyễn Văn Mẫu", "15/1/1999", "001099000009"],
        rows=[MAU, ("002", "Nguyễn Văn Mẫu", "1999-01-15", "001099000009")],
        warnings={(2, "roster-namesake"), (3, "roster-namesake")},
    ),
    # -- birth dates
    *(
        csv_case(f"birth-{index}", with_(2, text), rows=[(MAU[0], MAU[1], iso, MAU[3])], **extra)
        for index, (text, iso, extra) in enumerate(
            [
                ("5/1/1999", "1999-01-05", {}),
                ("15-01-1999", "1999-01-15", {}),
                ("15.1.1999", "1999-01-15", {}),
                (" 15 / 01 / 1999 ", "1999-01-15", {}),
                ("1999-01-15", "1999-01-15", {}),
                ("1999-01-15 00:00:00", "1999-01-15", {}),
                ("15/01/1999 12:00:00 AM", "1999-01-15", {}),
                ("ngày 15 tháng 1 năm 1999", "1999-01-15", {}),
                ("03/04/1999", "1999-04-03", {}),
                ("1999", "1999", {}),
                ("00/00/1999", "1999", {"changes": {(2, "roster-birth-year-only")}}),
                ("../../1999", "1999", {"changes": {(2, "roster-birth-year-only")}}),
                ("00/05/1999", "1999", {"changes": {(2, "roster-birth-year-only")}}),
                ("05/1999", "1999", {"changes": {(2, "roster-birth-day-missing")}}),
                ("36175", "1999-01-15", {"changes": {(2, "roster-birth-serial")}}),
                ("15-Jan-1999", "1999-01-15", {"changes": {(2, "roster-birth-month-name")}}),
                ("15/O1/1999", "1999-01-15", {"changes": {(2, "roster-birth-letter-o")}}),
                ("15011999", "1999-01-15", {"guesses": {(2, "roster-birth-run")}}),
                ("15/01/99", "1999-01-15", {"guesses": {(2, "roster-birth-century-by-number")}}),
                ("15.1.99", "1999-01-15", {"guesses": {(2, "roster-birth-century-by-number")}}),
            ]
        )
    ),
    Case("birth-date-cell", lambda: as_xlsx([HEAD, with_(2, date(1999, 1, 15))])),
    Case("birth-date-cell-ods", lambda: as_ods([HEAD, with_(2, date(1999, 1, 15))])),
    Case("birth-serial-cell", lambda: as_xlsx([HEAD, with_(2, 36175)]), changes={(2, "roster-birth-serial")}),
    Case("birth-year-cell", lambda: as_xlsx([HEAD, with_(2, 1999)]), rows=[(MAU[0], MAU[1], "1999", MAU[3])]),
    Case(
        "xls-dates-and-numbers",
        (FILES / "cells.xls").read_bytes,
        rows=[MAU, THI],
        changes={
            (2, "roster-sbd-padded"),
            (3, "roster-sbd-padded"),
            (2, "roster-number-zeros-restored"),
            (3, "roster-number-zeros-restored"),
        },
    ),
    csv_case(
        "birth-two-digits-by-guess",
        ["001", GOOD[1], "15/01/99", "123456789"],
        rows=[("001", GOOD[1], "1999-01-15", "")],
        guesses={(2, "roster-birth-century-guessed")},
        warnings={(2, "roster-number-old-used")},
    ),
    *(
        csv_case(
            f"birth-refused-{index}",
            with_(2, text),
            OTHER,
            rows=[THI],
            refused={(2, code)},
            warnings={(0, "roster-birth-both-ways")} if code.endswith("month-first") else set(),
        )
        for index, (text, code) in enumerate(
            [
                ("02/13/1999", "roster-birth-month-first"),
                ("01/15/1999", "roster-birth-month-first"),
                ("13/25/1999", "roster-birth-no-such-day"),
                ("31/02/1999", "roster-birth-no-such-day"),
                ("29/02/1999", "roster-birth-no-such-day"),
                ("1999-15-01", "roster-birth-month-first"),
                ("15/01/1799", "roster-birth-year"),
                ("15/01/2031", "roster-birth-future"),
                ("2031", "roster-birth-future"),
                ("chưa rõ", "roster-birth-invalid"),
                ("", "roster-birth-missing"),
                ("15/01", "roster-birth-invalid"),
                ("." * 190, "roster-birth-invalid"),
            ]
        )
    ),
    csv_case(
        "young",
        ["001", GOOD[1], "15/01/2015", "001215000001"],
        rows=[("001", GOOD[1], "2015-01-15", "001215000001")],
        warnings={(2, "roster-birth-young")},
    ),
    csv_case(
        "very-old",
        ["001", GOOD[1], "15/01/1910", "001010000001"],
        rows=[("001", GOOD[1], "1910-01-15", "001010000001")],
        warnings={(2, "roster-birth-very-old")},
    ),
    # -- numbers
    Case(
        "number-stored-as-number",
        lambda: as_xlsx([HEAD, with_(3, 1099000001)]),
        changes={(2, "roster-number-zeros-restored")},
    ),
    Case(
        "number-stored-as-number-ods",
        lambda: as_ods([HEAD, with_(3, 1099000001)]),
        changes={(2, "roster-number-zeros-restored")},
    ),
    csv_case(
        "number-eleven-digits",
        with_(3, "38099000001"),
        rows=[(*MAU[:3], "038099000001")],
        changes={(2, "roster-number-zeros-restored")},
    ),
    csv_case(
        "number-zeros-lost-for-good",
        ["001", GOOD[1], "15/01/1998", "1099000001"],
        OTHER,
        rows=[THI],
        refused={(2, "roster-number-zeros")},
    ),
    csv_case("number-letter-o", with_(3, "OO1O99OOOOO1"), changes={(2, "roster-number-letter-o")}),
    csv_case("number-letter-l", with_(3, "00l0990000Ol"), changes={(2, "roster-number-letter-o")}),
    csv_case("number-separators", with_(3, "001 099-000.001"), changes={(2, "roster-number-separators")}),
    csv_case("number-apostrophe", with_(3, "'001099000001")),
    csv_case("number-label", with_(3, "CCCD: 001099000001"), changes={(2, "roster-number-separators")}),
    csv_case("number-quoted-formula", with_(3, '="001099000001"')),
    csv_case(
        "number-fullwidth", with_(3, "００１０９９０００００１"), changes={(2, "roster-number-separators")}
    ),
    csv_case(
        "number-point-zero",
        with_(3, "38099000001.0"),
        rows=[(*MAU[:3], "038099000001")],
        changes={(2, "roster-number-zeros-restored"), (2, "roster-number-separators")},
    ),
    csv_case(
        "number-scientific",
        with_(3, "1.099E+09"),
        OTHER,
        rows=[THI],
        refused={(2, "roster-number-scientific")},
    ),
    csv_case(
        "number-scientific-comma",
        with_(3, "1,099E+09"),
        OTHER,
        rows=[THI],
        refused={(2, "roster-number-scientific")},
    ),
    csv_case(
        "number-scientific-whole",
        with_(3, "1.099000001E+09"),
        changes={(2, "roster-number-expanded"), (2, "roster-number-zeros-restored")},
    ),
    csv_case(
        "number-too-short", with_(3, "001099"), OTHER, rows=[THI], refused={(2, "roster-number-invalid")}
    ),
    csv_case(
        "number-too-long",
        with_(3, "0010990000011"),
        OTHER,
        rows=[THI],
        refused={(2, "roster-number-invalid")},
    ),
    csv_case("number-missing", with_(3, ""), OTHER, rows=[THI], refused={(2, "roster-number-missing")}),
    csv_case(
        "number-old",
        with_(3, "123456789"),
        rows=[(*MAU[:3], "")],
        warnings={(2, "roster-number-old-used")},
        more={"old_number": "123456789"},
    ),
    Case(
        "number-old-lost-zero",
        lambda: as_xlsx([HEAD, with_(3, 12345678)]),
        rows=[(*MAU[:3], "")],
        guesses={(2, "roster-number-old-zero")},
        warnings={(2, "roster-number-old-used")},
        more={"old_number": "012345678"},
    ),
    csv_case(
        "number-passport",
        with_(3, "b1234567"),
        rows=[(*MAU[:3], "")],
        warnings={(2, "roster-number-passport")},
        more={"remark": "Hộ chiếu B1234567"},
    ),
    csv_case(
        "number-both-in-one-cell",
        with_(3, "012345678 / 001099000001"),
        changes={(2, "roster-number-two")},
        more={"old_number": "012345678"},
    ),
    csv_case(
        "number-twice",
        GOOD,
        with_(3, GOOD[3], OTHER),
        ["003", "LÊ VĂN MẪU", "2000", "001200000003"],
        rows=[("003", "LÊ VĂN MẪU", "2000", "001200000003")],
        refused={(2, "roster-number-duplicate"), (3, "roster-number-duplicate")},
    ),
    csv_case(
        "old-number-twice",
        with_(3, "123456789"),
        with_(3, "123456789", OTHER),
        ["003", "LÊ VĂN MẪU", "2000", "001200000003"],
        rows=[("003", "LÊ VĂN MẪU", "2000", "001200000003")],
        refused={(2, "roster-number-duplicate"), (3, "roster-number-duplicate")},
    ),
    csv_case(
        "number-other-province",
        with_(3, "003099000001"),
        rows=[(*MAU[:3], "003099000001")],
        warnings={(2, "roster-number-province")},
    ),
    csv_case(
        "number-other-year",
        with_(3, "001098000001"),
        rows=[(*MAU[:3], "001098000001")],
        warnings={(2, "roster-number-and-birth-differ")},
    ),
    # -- rows
    csv_case("surplus-cells", [*GOOD, "thừa"], OTHER, rows=[THI], refused={(2, "roster-surplus-cells")}),
    Case(
        "surplus-cells-in-a-workbook",
        lambda: as_xlsx([HEAD, [*GOOD, "xem lại"]]),
        warnings={(2, "roster-surplus-ignored")},
    ),
    csv_case("cell-too-long", with_(1, "A" * 300), OTHER, rows=[THI], refused={(2, "roster-cell-too-long")}),
    csv_case(
        "row-too-short",
        ["001", "NGUYỄN VĂN MẪU"],
        OTHER,
        rows=[THI],
        refused={(2, "roster-birth-missing"), (2, "roster-number-missing")},
    ),
    csv_case(
        "comma-within-an-address",
        [*GOOD, "Xã Mẫu, tỉnh Mẫu"],
        head=[*HEAD, "Nơi cư trú"],
        more={"address": "Xã Mẫu, tỉnh Mẫu"},
    ),
]
