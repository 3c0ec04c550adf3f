"""Makes incidents happen to the answers of a card, each once in its life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readers.softcard.faults import AnswerLostError, CardPulledError, CardSilentError, Incident

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Incidents:
    """Counts commands over the whole life of the card, resets included."""

    def __init__(self, planned: Iterable[Incident], *, sleep: Callable[[float], None]) -> None:
        self._planned = list(planned)
        self._sleep = sleep
        self._commands = 0

    def befall(self, answer: bytes, octets: int) -> bytes:
        """The answer as it arrives; `octets` of DG2 had gone out before it.

        Raises CardPulledError, CardSilentError, AnswerLostError."""
        self._commands += 1
        due = [incident for incident in self._planned if incident.is_due(self._commands, octets)]
        for incident in due:
            self._planned.remove(incident)
            answer = self._apply(incident, answer)
        return answer

    def _apply(self, incident: Incident, answer: bytes) -> bytes:
        match incident.kind:
            case "drop":
                raise AnswerLostError
            case "mute":
                raise CardSilentError
            case "pull":
                raise CardPulledError(incident.seconds or None)
            case "delay":
                self._sleep(incident.seconds)
            case "flip":
                middle = len(answer) // 2
                return answer[:middle] + bytes([answer[middle] ^ 1]) + answer[middle + 1 :]
            case "truncate":
                return answer[: len(answer) // 2]
            case "status":
                return incident.sw.to_bytes(2, "big")
        return answer
