"""Roster zoo: formats, encodings, the shape of the table. One file per pitfall, made when the tests run."""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import partial

from tests.roster_zoo.builders import (
    GOOD,
    HEAD,
    OTHER,
    Grid,
    as_csv,
    as_html,
    as_ods,
    as_xlsx,
    in_cp1258,
    in_tcvn3,
    in_vni,
)
from tests.roster_zoo.case import FILES, MAU, THI, Case, csv_case

LIST = (
    "SBD;Họ và tên;Ngày sinh;Số định danh\r\n001;Nguyễn Văn Mẫu;15/01/1999;001099000001\r\n"
    "002;Trần Thị Ánh Hoà;08/03/2001;001301000002\r\n"
)
MIXED = [
    ("001", "Nguyễn Văn Mẫu", "1999-01-15", "001099000001"),
    ("002", "Trần Thị Ánh Hoà", "2001-03-08", "001301000002"),
]
CAPITALS = LIST.upper()
UPPER = [(sbd, name.upper(), birth, number) for sbd, name, birth, number in MIXED]
LAW_HEAD = [
    ["STT", "Họ và tên", "Ngày tháng năm sinh", "Số định danh", "Nơi cư trú", "Giấy CN sức khỏe hợp lệ",
     "Đã có GPLX hạng",
     "Số năm lái xe", "Thời gian lái xe an toàn", "Số chứng chỉ", "Ghi chú"],
]  # fmt: skip
FOOT: Grid = [
    [],
    ["", "Tổng số: 2 thí sinh (bằng chữ: hai)"],
    ["", "", "Hà Nội, ngày 22 tháng 11 năm 2026"],
    ["", "", "TRUNG TÂM SÁT HẠCH"],
    ["", "", "(Ký tên, đóng dấu)"],
    [],
    ["", "", "Lê Văn Mẫu"],
]
TITLE: Grid = [["SỞ GIÁO DỤC"], ["DANH SÁCH THÍ SINH DỰ THI"], []]

TABLES: list[Case] = [
    # -- formats
    Case("xlsx", lambda: as_xlsx([HEAD, GOOD, OTHER]), rows=[MAU, THI]),
    Case("ods", lambda: as_ods([HEAD, GOOD, OTHER]), rows=[MAU, THI]),
    Case("xls", (FILES / "plain.xls").read_bytes, rows=[MAU, THI]),
    Case("web-page-as-xls", lambda: as_html([["DANH SÁCH"], HEAD, GOOD, OTHER]), rows=[MAU, THI]),
    Case("table-not-at-a1", lambda: as_xlsx([[], [], ["", "", *HEAD], ["", "", *GOOD]])),
    Case("csv-utf8", LIST.encode, rows=MIXED),
    Case("csv-utf8-mark", lambda: LIST.encode("utf-8-sig"), rows=MIXED),
    Case("csv-utf16-le", lambda: LIST.encode("utf-16-le"), rows=MIXED),
    Case("csv-utf16-be", lambda: LIST.encode("utf-16-be"), rows=MIXED),
    Case("csv-utf16-mark", lambda: LIST.encode("utf-16"), rows=MIXED),
    *(
        Case(f"csv-delimiter-{ord(mark)}", lambda mark=mark: LIST.replace(";", mark).encode(), rows=MIXED)
        for mark in ",\t|^:~#"
    ),
    Case("csv-sep-line", lambda: b"sep=^\r\n" + LIST.replace(";", "^").encode(), rows=MIXED),
    # -- encodings from before Unicode
    *(
        Case(
            f"csv-{name}{suffix}",
            partial(turn, text),
            rows=rows,
            guesses={(0, "roster-encoding-guessed")},
            more={"encoding": name},
        )
        for name, turn in (("cp1258", in_cp1258), ("tcvn3", in_tcvn3), ("vni", in_vni))
        for suffix, text, rows in (("", LIST, MIXED), ("-capitals", CAPITALS, UPPER))
    ),
    *(
        Case(f"csv-{name}-forced", partial(turn, LIST), rows=MIXED, options={"encoding": name})
        for name, turn in (("cp1258", in_cp1258), ("tcvn3", in_tcvn3), ("vni", in_vni))
    ),
    *(
        Case(
            f"{kind}-cells-in-{name}",
            lambda turn=turn, build=build: build(
                [[turn(cell).decode("cp1252") for cell in line.split(";")] for line in LIST.splitlines()]
            ),
            rows=MIXED,
            guesses={(0, "roster-encoding-guessed")},
            changes={(2, "roster-text-converted"), (3, "roster-text-converted")},
        )
        for name, turn in (("tcvn3", in_tcvn3), ("vni", in_vni))
        for kind, build in (("xlsx", as_xlsx), ("ods", as_ods), ("csv-utf8", as_csv))
    ),
    Case(
        "xlsx-headings-in-unicode-names-in-tcvn3",
        lambda: as_xlsx(
            [HEAD, *[[in_tcvn3(cell).decode("cp1252") for cell in row] for row in (GOOD, OTHER)]]
        ),
        rows=[MAU, THI],
        guesses={(0, "roster-encoding-guessed")},
        changes={(2, "roster-text-converted"), (3, "roster-text-converted")},
    ),
    Case(
        "xls-tcvn3-capitals-font",
        (FILES / "tcvn3.xls").read_bytes,
        rows=UPPER,
        guesses={(0, "roster-encoding-guessed")},
        changes={(2, "roster-text-converted"), (3, "roster-text-converted")},
    ),
    # -- shape of the table
    Case("titles-and-foot", lambda: as_xlsx([*TITLE, HEAD, GOOD, OTHER, *FOOT]), rows=[MAU, THI]),
    Case("titles-and-foot-csv", lambda: as_csv([*TITLE, HEAD, GOOD, OTHER, *FOOT]), rows=[MAU, THI]),
    Case(
        "total-differs",
        lambda: as_xlsx([HEAD, GOOD, ["", "Tổng số: 25 thí sinh"]]),
        warnings={(3, "roster-total-differs")},
    ),
    Case(
        "room-merged-over-several-rows",
        lambda: as_xlsx([[*HEAD, "Phòng"], OTHER, GOOD], merges=[(1, 4, 2, 4, "P.01")]),
        rows=[THI, MAU],
        more={"room": "P.01"},
    ),
    Case(
        "unknown-column",
        lambda: as_xlsx([[*HEAD, "Sở thích"], [*GOOD, "đọc sách"]]),
        warnings={(0, "roster-column-unknown")},
    ),
    Case(
        "headings-with-brackets",
        lambda: as_xlsx(
            [["SBD (*)", "Họ và tên (in hoa)", "Ngày sinh [dd/mm/yyyy]", "Số CCCD (bắt buộc)"], GOOD]
        ),
    ),
    Case(
        "utf8-with-a-broken-byte",
        lambda: as_csv(
            [
                HEAD,
                OTHER,
                *[[f"00{row}", "LÊ VĂN MẪU", f"200{row}", f"00120{row}000001"] for row in (3, 4)],
                GOOD,
            ]
        ).replace("TRẦN".encode(), b"TR\xe1N"),
        rows=[
            ("003", "LÊ VĂN MẪU", "2003", "001203000001"),
            ("004", "LÊ VĂN MẪU", "2004", "001204000001"),
            MAU,
        ],
        refused={(2, "roster-name-lost-letters")},
    ),
    Case("blank-rows", lambda: as_xlsx([HEAD, [], GOOD, [], [], OTHER]), rows=[MAU, THI]),
    Case("rows-with-a-running-number-alone", lambda: as_xlsx([["STT", *HEAD], ["1", *GOOD], ["2"], ["3"]])),
    Case(
        "heading-again-on-each-page",
        lambda: as_xlsx([HEAD, GOOD, ["Trang 1/2"], HEAD, OTHER]),
        rows=[MAU, THI],
    ),
    Case("column-numbers", lambda: as_xlsx([HEAD, ["(1)", "(2)", "(3)", "(4)"], GOOD])),
    Case(
        "name-in-two-columns-under-one-heading",
        lambda: as_xlsx(
            [
                ["SBD", "", "", "Ngày sinh", "CCCD"],
                ["", "Họ", "Tên"],
                ["001", "NGUYỄN VĂN", "MẪU", "15/01/1999", "001099000001"],
            ],
            merges=[
                (0, 0, 1, 0, "SBD"),
                (0, 1, 0, 2, "Họ và tên"),
                (0, 3, 1, 3, "Ngày sinh"),
                (0, 4, 1, 4, "CCCD"),
            ],
        ),
    ),
    Case(
        "name-heading-merged-over-two-columns-without-a-second-row",
        lambda: as_xlsx(
            [[*HEAD[:2], "", *HEAD[2:]], ["001", "NGUYỄN VĂN", "MẪU", "15/01/1999", "001099000001"]]
        ),
        guesses={(0, "roster-name-two-columns")},
    ),
    Case(
        "birth-by-sex-in-two-columns",
        lambda: as_xlsx(
            [
                ["SBD", "Họ và tên", "", "", "Số định danh"],
                ["", "", "Nam", "Nữ", ""],
                ["001", "NGUYỄN VĂN MẪU", "15/01/1999", "", "001099000001"],
                ["002", "TRẦN THỊ MẪU", "", date(2001, 3, 8), "001301000002"],
                ["003", "LÊ VĂN MẪU", "1/1/2000", "1/1/2000", "001200000003"],
            ],
            merges=[(0, 2, 0, 3, "Ngày tháng năm sinh")],
        ),
        rows=[MAU, THI],
        refused={(5, "roster-birth-two")},
        more={"sex": "nam"},
    ),
    Case(
        "birth-in-three-columns",
        lambda: as_xlsx(
            [
                ["SBD", "Họ và tên", "Ngày sinh", "", "", "CCCD"],
                ["", "", "Ngày", "Tháng", "Năm"],
                ["001", GOOD[1], 15, 1, 1999, GOOD[3]],
            ]
        ),
    ),
    Case(
        "law-form",
        lambda: as_xlsx(
            [
                ["DANH SÁCH THÍ SINH DỰ SÁT HẠCH LÁI XE HẠNG B"],
                *LAW_HEAD,
                [
                    1,
                    "NGUYỄN VĂN MẪU",
                    date(1999, 1, 15),
                    "001099000001",
                    "Xã Mẫu",
                    "x",
                    "A1",
                    3,
                    "3 năm",
                    "CC-1",
                    "lần đầu",
                ],
                ["", "TRUNG TÂM SÁT HẠCH (Ký tên)"],
            ]
        ),
        changes={(3, "roster-sbd-padded")},
        guesses={(0, "roster-sbd-from-stt"), (1, "roster-group-guessed")},
        more={
            "licence_class": "B",
            "held_class": "A1",
            "health_valid": "yes",
            "address": "Xã Mẫu",
            "remark": "lần đầu",
        },
    ),
    Case(
        "health-number-and-date-under-one-heading",
        lambda: as_xlsx(
            [
                [*HEAD, "", ""],
                ["", "", "", "", "Số", "Ngày"],
                [*GOOD, "12/KSK", "01/10/2026"],
            ],
            merges=[(0, 4, 0, 5, "Giấy CN sức khỏe hợp lệ")],
        ),
        more={"health_valid": "yes", "health_number": "12/KSK", "health_date": "2026-10-01"},
    ),
    Case(
        "marks-say-which-components",
        lambda: as_xlsx(
            [
                [*HEAD, "LÝ THUYẾT", "MÔ PHỎNG", "SA HÌNH", "ĐƯỜNG TRƯỜNG"],
                [*GOOD, "x", "", "1", "có"],
                [*OTHER, "đạt", "85", "", "x"],
                ["003", "LÊ VĂN MẪU", "2000", "001200000003", "", "", "", ""],
            ]
        ),
        refused={(3, "roster-mark-unknown"), (4, "roster-marks-none")},
        more={"components": ("lý thuyết", "sa hình", "đường trường")},
    ),
    Case(
        "empty-columns-of-components",
        lambda: as_xlsx([[*HEAD, "LÝ THUYẾT", "SA HÌNH"], GOOD]),
        guesses={(0, "roster-marks-empty")},
        more={"components": ()},
    ),
    csv_case(
        "components-in-short",
        [*GOOD, "LT+H+Đ"],
        head=[*HEAD, "Nội dung"],
        more={"components": ("lý thuyết", "sa hình", "đường trường")},
    ),
    Case(
        "groups-by-class",
        lambda: as_xlsx([HEAD, ["HẠNG B1"], GOOD, ["Hạng C"], OTHER]),
        rows=[MAU, THI],
        guesses={(2, "roster-group-guessed"), (4, "roster-group-guessed")},
        more={"licence_class": "B1"},
    ),
    Case(
        "several-sheets-one-roster",
        lambda: as_xlsx([HEAD, GOOD], more=[("Ghi chú", [["không có gì"]], False)]),
    ),
    Case(
        "several-rosters",
        lambda: as_xlsx([HEAD, GOOD], more=[("Ca 2", [HEAD, OTHER], False)]),
        rows=[THI],
        options={"sheet": "Ca 2"},
    ),
    Case(
        "hidden-sheet-beside",
        lambda: as_xlsx([HEAD, GOOD], more=[("Cũ", [HEAD, OTHER], True)]),
        warnings={(0, "roster-sheet-hidden-left")},
    ),
    Case(
        "hidden-sheet-alone", lambda: as_xlsx([HEAD, GOOD], hide=True), warnings={(0, "roster-sheet-hidden")}
    ),
    Case(
        "hidden-row",
        lambda: as_xlsx([HEAD, GOOD, OTHER], hidden=[2]),
        rows=[MAU, THI],
        warnings={(3, "roster-row-hidden")},
    ),
    Case(
        "formulas",
        lambda: as_xlsx([HEAD, ["001", "=calc:NGUYỄN VĂN MẪU", "=calc:15/01/1999", "=calc:001099000001"]]),
    ),
    *(
        csv_case(f"headings-{index}", GOOD, head=head)
        for index, head in enumerate(
            [
                ["SỐ BÁO DANH", "HỌ VÀ TÊN", "NGÀY SINH", "SỐ CHỨNG MINH"],
                ["so bao danh", "ho va ten", "ngay sinh", "so cccd"],
                ["Số BD", "Họ, chữ đệm và tên", "Ngày, tháng, năm sinh", "Số ĐDCN"],
                ["SBD", "Họ tên học viên", "Năm sinh", "Số CMND/CCCD"],
                ["Mã dự thi", "Thí sinh", "Ngày sinh (dd/mm/yyyy)", "Số định danh cá nhân"],
                ["Candidate No.", "Full name", "Date of birth", "ID number"],
                ["SBD ", "HỌ\nVÀ TÊN", "NTNS", "CCCD (12 số)"],
                [unicodedata.normalize("NFD", name) for name in HEAD],
            ]
        )
    ),
    csv_case(
        "old-and-new-number-in-two-columns",
        ["001", "NGUYỄN VĂN MẪU", "15/01/1999", "012345678", "001099000001"],
        ["002", "TRẦN THỊ MẪU", "08/03/2001", "123456789", ""],
        head=["SBD", "Họ và tên", "Ngày sinh", "CMND", "CCCD"],
        rows=[MAU, ("002", "TRẦN THỊ MẪU", "2001-03-08", "")],
        warnings={(3, "roster-number-old-used")},
        more={"old_number": "012345678"},
    ),
    csv_case(
        "all-optional-columns",
        [*GOOD, "nữ", "Hạng b1", "P.01", "12", "Toán", "Sáng", "12A1", "29A-12345", "k"],
        head=[
            *HEAD,
            "Giới tính",
            "Hạng GPLX",
            "Phòng thi",
            "Số máy",
            "Môn thi",
            "Ca thi",
            "Lớp",
            "Biển số xe",
            "Ghi chú",
        ],
        changes={(2, "roster-class-form")},
        warnings={(2, "roster-number-and-sex-differ")},
        more={
            "sex": "nữ",
            "licence_class": "B1",
            "room": "P.01",
            "seat": "12",
            "subject": "Toán",
            "shift": "Sáng",
            "school_class": "12A1",
            "car": "29A-12345",
        },
    ),
]
