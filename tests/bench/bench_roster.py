"""How long `proctor roster check` takes, the process's start included: wall clock and CPU. A table, then JSON.

Lists of 1,000 and 5,000 rows as XLSX (numbers stored as numbers, date cells, a heading of two rows), CSV and TCVN3.
Nothing is asserted.
"""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.roster_zoo.builders import Grid, as_csv, as_ods, as_xlsx, in_tcvn3

COUNTS = (1_000, 5_000)
ROUNDS = 5
FAMILY = ("Nguyễn Văn", "Trần Thị", "Lê Hoàng", "Phạm Quốc", "Đặng Thuỳ", "Vũ Ngọc", "Bùi Đức")
GIVEN = ("Mẫu", "Thử", "Ví", "Dụ", "Luyện", "Tập", "Ánh", "Ân", "Yến")
HEAD = ["STT", "SBD", "Họ và tên", "Ngày sinh", "Số định danh", "Giới tính", "Nơi cư trú", "Hạng", "Ghi chú"]


def people(count: int, *, texts: bool) -> Grid:
    """A list as it comes: titles, heading, rows, foot. `texts`: everything as text, else numbers and dates as cells."""
    rows: list[list[object]] = [
        ["TRUNG TÂM SÁT HẠCH MẪU"],
        ["DANH SÁCH THÍ SINH DỰ SÁT HẠCH"],
        [],
        list(HEAD),
    ]
    for index in range(count):
        day = date(1985, 1, 1) + timedelta(days=index % 7_000)
        woman = index % 2
        number = f"001{woman}{day:%y}{index:06d}" if day.year < 2000 else f"001{2 + woman}{day:%y}{index:06d}"
        name = f"{FAMILY[index % 7]} {GIVEN[index % 9]}"
        born: object = f"{day:%d/%m/%Y}" if texts else day
        sex = "Nữ" if woman else "Nam"
        rows.append(
            [
                *(str(index + 1), f"{index + 1:04d}", name, born, number if texts else int(number)),
                *(sex, f"Số {index} đường Mẫu, xã Mẫu, tỉnh Mẫu", "B", ""),
            ]
        )
    return [*rows, [], ["", "", f"Tổng số: {count} thí sinh"], ["", "", "", "TRUNG TÂM SÁT HẠCH (Ký tên)"]]


def measure(path: Path) -> tuple[float, float, int]:
    """Return wall and CPU seconds (children included) of one check of a file, and its exit status."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = perf_counter()
    code = "import sys; from proctor.entry import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "roster", "check", str(path), "--json"],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    wall = perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.returncode


def main() -> None:
    """Measure and print."""
    kinds: dict[str, Callable[[int], bytes]] = {
        "xlsx": lambda count: as_xlsx(people(count, texts=False)),
        "ods": lambda count: as_ods(people(count, texts=False)),
        "csv": lambda count: as_csv(people(count, texts=True)),
        "csv-tcvn3": lambda count: in_tcvn3(as_csv(people(count, texts=True)).decode()),
    }
    taken: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, build in kinds.items():
            for count in COUNTS:
                path = Path(folder) / f"{kind}-{count}"
                path.write_bytes(build(count))
                runs = [measure(path) for _ in range(ROUNDS)]
                wall, cpu = median(run[0] for run in runs), median(run[1] for run in runs)
                taken[f"{kind} {count}"] = {"wall_s": round(wall, 3), "cpu_s": round(cpu, 3)}
                best = min(run[0] for run in runs)
                promised = 1 if count == COUNTS[0] else 3
                print(
                    f"{kind:10} {count:6} rows  {wall:6.2f} s (best {best:.2f})  {cpu:6.2f} s CPU  "
                    f"exit {runs[0][2]}  (promised: {promised} s)"
                )
    print(json.dumps({"rounds": ROUNDS, "taken": taken}))


if __name__ == "__main__":
    main()
