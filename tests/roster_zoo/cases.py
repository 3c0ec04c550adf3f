"""The roster zoo: one file per pitfall, and what must come out of it."""

from tests.roster_zoo.case import Case
from tests.roster_zoo.cells import CELLS
from tests.roster_zoo.tables import TABLES

CASES: list[Case] = [*TABLES, *CELLS]
