"""Training's candidates at the desk: who comes next, with which card, in which way. No window in here.

The card is made beside the window, since it takes a moment; a scene stands for the camera's picture.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from biometrics.recorded import portrait_jpeg
from proctor.softcards import CardWorkshop, MadeCard, holder_of_seat, specimen_faces
from proctor.training import SCENARIOS, Scenario
from readers.softcard.chip import SoftCard
from readers.softcard.holder import HolderRecord, access_text
from readers.softcard.personalise import ChipImage, personalise
from sessions.session import Session
from sessions.vietnam import today

WAYS = tuple(each for each in SCENARIOS if each.card_face is not None and each.listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comer:
    """One invented candidate as they come to the desk. `camera`: who stands before it."""

    sbd: str
    way: str
    made: MadeCard = field(repr=False)
    camera: str


class Rehearsal:
    """Who may come in a training session; makes their cards."""

    def __init__(self, session: Session, workshop: CardWorkshop) -> None:
        self._workshop = workshop
        self._seats = {seat.sbd: seat for seat in session.seats if seat.sbd}
        self.candidates = tuple(self._seats)

    @property
    def ways(self) -> tuple[str, ...]:
        """How somebody may come: codes of `scenario.…`."""
        return tuple(way.name for way in WAYS)

    def usual(self, sbd: str) -> str:
        """Return how the candidate of this place in the list comes by themselves."""
        at = self.candidates.index(sbd)
        scenario = SCENARIOS[at] if at < len(SCENARIOS) else None
        return scenario.name if scenario in WAYS and scenario is not None else WAYS[0].name

    def make(self, sbd: str, way: str) -> Comer:
        """Make the card of a candidate. Takes a moment. Raises HolderError."""
        scenario = next(each for each in WAYS if each.name == way)
        seat = self._seats[sbd]
        holder = holder_of_seat(seat, today())
        card = SoftCard(self._image(holder, scenario))
        made = MadeCard(holder=holder, access_text=access_text(holder), card=card)
        seed = 1 + self.candidates.index(sbd)
        camera = f"scene:{scenario.species}?face={scenario.live_face}&seed={seed}"
        return Comer(sbd=sbd, way=way, made=made, camera=camera)

    def _image(self, holder: HolderRecord, scenario: Scenario) -> ChipImage:
        image, face = specimen_faces((scenario.card_face or "hopper",))[scenario.card_face or "hopper"]
        pki = self._workshop.pki
        return personalise(
            holder,
            portrait_jpeg(image, face=face),
            pki,
            now=datetime.now(UTC),
            faults=scenario.faults,
            signer=pki.unknown_signer if scenario.signer == "unknown_signer" else pki.signer,
        )
