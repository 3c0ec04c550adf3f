"""Every section of the administration page, in its order."""

from typing import Final

from proctor.screens.admin import Section
from proctor.screens.admin_devices import CAMERAS, DEVICES, PRINTERS
from proctor.screens.admin_holds import HOLDS
from proctor.screens.admin_keeping import BACKUP, FILES, RETENTION, TEST
from proctor.screens.admin_keys import KEYS, WITNESSES
from proctor.screens.admin_paper import AUTHORITIES, HEADS
from proctor.screens.admin_people import OWN, PEOPLE
from proctor.screens.admin_trust import FACES, RULES, TRUST

SECTIONS: Final[tuple[Section, ...]] = (
    *(PEOPLE, OWN, TRUST, RULES, DEVICES, CAMERAS, PRINTERS, HEADS, AUTHORITIES),
    *(KEYS, WITNESSES, BACKUP, RETENTION, HOLDS, TEST, FACES, FILES),
)
