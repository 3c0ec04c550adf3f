"""The desk's table of states with the runtime behind it: takes what happened, steps, has the effects done.

It outlives pages and windows; only the window's thread calls it, `send` alone may be called by any.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from time import monotonic
from typing import Final
from uuid import uuid4

from proctor.desk.equipment import EquipmentRow
from proctor.desk.events import Device, Event, Resumed, Ticked
from proctor.desk.machine import step
from proctor.desk.preview import PreviewFrame
from proctor.desk.runtime import StationRuntime
from proctor.desk.state import Effect, ForSecond, Leave, Lock, State
from proctor.texts import Texts

TICK_S: Final = 1.0


class Driver:
    """One desk at work. `state` is what its page shows."""

    def __init__(
        self,
        runtime: StationRuntime,
        *,
        training: bool,
        stood: Resumed | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`stood`: who was at the desk when the station was cut short."""
        self.runtime = runtime
        self._clock = clock
        self._ticked = clock()
        self.state = State.first(str(uuid4()), training=training)
        self._asked: list[Effect] = []
        self._take(Ticked(now_s=self._ticked))
        if stood is not None:
            self._take(stood)
        runtime.start()

    @property
    def preview(self) -> PreviewFrame | None:
        """The newest picture of the attempt that runs."""
        return self.runtime.preview

    @property
    def busy(self) -> bool:
        """Whether a candidate is at the desk and the attempt runs."""
        return self.state.phase == "working"

    def rows(self, texts: Texts) -> tuple[EquipmentRow, ...]:
        """Return how the equipment stands."""
        return self.runtime.rows(texts)

    def send(self, event: Event) -> None:
        """Tell the desk something; any thread may."""
        self.runtime.post(event)

    def poll(self) -> bool:
        """Take what happened and have done what follows; whether the state is another now, or something is asked of the
        window. Never waits."""
        before = self.state
        events = self.runtime.events()
        for event in events:
            self._take(event)
        now = self._clock()
        if now - self._ticked >= TICK_S:
            self._ticked = now
            self._take(Ticked(now_s=now))
        return self.state != before or bool(self._asked)

    def asked(self) -> tuple[Effect, ...]:
        """Return what the table asked of the window since the last call: lock, leave, take a second person's code."""
        asked, self._asked = tuple(self._asked), []
        return asked

    def lend(self) -> AbstractContextManager[tuple[str, str]]:
        """Give the desk's reader and camera to a second person who proves to be there; any thread may ask."""
        run = self.state.run
        return self.runtime.lend("" if run is None else run.reader)

    def turn_sounds(self) -> bool:
        """Sounds and spoken prompts off, or on again; return whether they are on."""
        return self.runtime.sounds.turn()

    def speak_language(self, language: str) -> None:
        """Say prompts in this language from now on: the window's was switched."""
        self.runtime.speak_language(language)

    def say(self, text: str) -> None:
        """Say words that no file was recorded of, a name for example, where this machine can."""
        self.runtime.sounds.say(text)

    def devices(self) -> tuple[Device, ...]:
        """Return the devices that were told of."""
        return self.state.devices

    def close(self) -> None:
        """Let every device go."""
        self.runtime.close()

    def _take(self, event: Event) -> None:
        self.state, effects = step(self.state, event)
        for effect in effects:
            if not self.runtime.perform(effect) and isinstance(effect, (ForSecond, Lock, Leave)):
                self._asked.append(effect)
