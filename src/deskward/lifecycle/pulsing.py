"""Notes how each contact with something outside went, for the page “Integrations”."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deskward.core.errors import OutsideError, RejectedError
from deskward.lifecycle.house import House

SAME_AGAIN = timedelta(minutes=1)


@dataclass
class Pulses:
    """Writes a contact when it goes other than the last one, and the same again once a minute at most."""

    house: House
    _last: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)

    @contextmanager
    def of(self, folder: str, name: str) -> Iterator[None]:
        """Note whether what the block asks of an integration succeeds; its errors go on."""
        try:
            yield
        except OutsideError as error:
            self.failed(folder, name, error)
            raise
        self.succeeded(folder, name)

    def succeeded(self, folder: str, name: str) -> None:
        """Note a success."""
        self._note(f"{folder}.{name}", "", reached=True)

    def failed(self, folder: str, name: str, error: OutsideError) -> None:
        """Note a failure in its words; one that was refused was reached."""
        self._note(f"{folder}.{name}", error.text, reached=isinstance(error, RejectedError))

    def _note(self, place: str, error: str, *, reached: bool) -> None:
        now, (told, at) = self.house.clock.now(), self._last.get(place, ("", None))
        if at is not None and told == error and now - at < SAME_AGAIN:
            return
        self.house.store.integrations.beat(place, now, error, reached=reached)
        self._last[place] = error, now
