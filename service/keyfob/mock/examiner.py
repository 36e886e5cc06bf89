"""What the mock does in a certification: fails when it should, rotates the key, tells the way."""

import asyncio
import re
from collections.abc import Callable, Sequence

from keyfob.domain.organizations import operator_of
from keyfob.errors import KeyIsExpired, KeyIsRevoked, NotFound
from keyfob.gate.operation import Operation
from keyfob.grading.certification import Certification
from keyfob.grading.course import BREAKDOWNS, Exercise
from keyfob.grading.entry import Entry
from keyfob.mock.documented import Documented
from keyfob.mock.failures import Script, Step
from keyfob.mock.stage import Stage
from keyfob.store.api_keys import Credential

FOR_EVER = 1_000_000
RENEWAL = "renew"

CLOCK_ADVANCED = "The clock was advanced."
FAILURES_SCRIPTED = "Failures of another kind were scripted."
REPLIES_PREFERRED = "A request chose its reply, with Prefer."

_CHOICE = re.compile(r"\b(code|example)\s*=")


class Examiner:
    """Leads a client through a course; without one, there is nobody to be examined.

    Only what the service would let in with the client's key meets its failures.

    Args:
        tell: is called whenever there is news for whoever runs the client.
        url: under which the mock is reached.
    """

    def __init__(
        self,
        course: Sequence[Exercise],
        stage: Stage,
        documented: Documented,
        tell: "Callable[[Examiner], None]",
        *,
        url: str,
    ) -> None:
        self.certification = Certification(course)
        self.url = url
        self._stage = stage
        self._script = Script(documented)
        self._tell = tell
        self._organizations: dict[str, str] = {}
        self._value: str | None = None
        self._last_told: object = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether anybody is to be examined."""
        return bool(self.certification.course)

    @property
    def now(self) -> int:
        """The time by which clients are judged."""
        return self._stage.clock()

    @property
    def advised_key(self) -> str:
        """A key that suits most, by name and value."""
        first = self._stage.world.keys[0]
        return f"{first['name']}, {first['value']}"

    @property
    def new_value(self) -> str | None:
        """What the client's key was given, once the old value was refused."""
        is_known = self.certification.was_refused or self.certification.current is None
        return self._value if is_known else None

    def begin_anew(self) -> None:
        """Wait for the next client."""
        self.certification.begin_anew()
        self._script.steps.clear()
        self._value = self._last_told = None
        self._tell_news()

    def note(self, entry: Entry, credential: Credential | None) -> None:
        """Keep what was received."""
        if not self.is_at_work:
            return
        self.certification.note(entry)
        if credential is not None:
            self._organizations[credential.key_id] = credential.organization_id
        if _CHOICE.search(entry.headers.get("Prefer", "")):
            self.certification.help(REPLIES_PREFERRED)

    def take(self, operation: Operation, credential: Credential | None) -> Step | None:
        """Answer what is to befall a request, if anything is."""
        if credential is None or credential.key_id != self.certification.key_id:
            return None
        if credential.secret_version != credential.current_secret_version:
            return None
        return self._script.take(operation)

    def look(self) -> None:
        """Go on to the next exercise, if this one is over by now."""
        if not self.is_at_work:
            return
        if self.certification.advance(self.now):
            self._prepare(self.certification.current)
        self._tell_news()
        self._look_again()

    def _prepare(self, exercise: Exercise | None) -> None:
        self._script.steps[:] = [] if exercise is None else _failures_of(exercise)
        if exercise is not None and exercise.name == RENEWAL:
            self._rotate(self.certification.key_id or "")

    def _rotate(self, key_id: str) -> None:
        operator = operator_of(self._organizations[key_id])
        try:
            _, self._value = self._stage.keyfob.api_keys.rotate(operator, key_id)
        except (NotFound, KeyIsExpired, KeyIsRevoked):  # by somebody else's doing
            self.certification.end(self.now)

    def _tell_news(self) -> None:
        current = self.certification.current
        told = self.certification.progress(self.now).told
        news = current and current.name, self.new_value, self.certification.ended_at, told
        if self.is_at_work and news != self._last_told:
            self._last_told = news
            self._tell(self)

    def _look_again(self) -> None:
        """Look again when time alone will have decided."""
        if self._timer is not None:
            self._timer.cancel()
        decided_at = self.certification.progress(self.now).decided_at
        if decided_at is not None:
            seconds = (decided_at - self.now) / 1000
            self._timer = asyncio.get_running_loop().call_later(max(0, seconds), self.look)


def _failures_of(exercise: Exercise) -> list[Step]:
    return {
        "wait": [Step(status=429, retry_after=2), Step(status=503, retry_after=3)],
        "back_off": [Step(status=500, times=BREAKDOWNS)],
        "create": [Step(drop=True, only_creations=True)],
        "give_up": [Step(status=503, retry_after=1, times=FOR_EVER)],
    }.get(exercise.name, [])
