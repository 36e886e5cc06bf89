"""The operations under /_mock: one method for each, called as in the service."""

from keyfob.errors import Problem, ValidationFailed
from keyfob.mock.documented import Documented
from keyfob.mock.examiner import CLOCK_ADVANCED, FAILURES_SCRIPTED, Examiner
from keyfob.mock.failures import Script, complaints_about
from keyfob.mock.journal import Journal
from keyfob.mock.judging import judged
from keyfob.mock.schemas import clock_json, entry_json, step_json, step_of
from keyfob.mock.stage import Stage
from keyfob.reply import Json, Reply

MOST_ADVANCED_SECONDS = 10 * 366 * 86_400


class Controls:
    """Steers the mock. Methods are named after the operations of openapi.yaml beside this file."""

    def __init__(
        self,
        stage: Stage,
        script: Script,
        journal: Journal,
        examiner: Examiner,
        documented: Documented,
    ) -> None:
        self._stage = stage
        self._script = script
        self._journal = journal
        self._examiner = examiner
        self._documented = documented

    def reset(self) -> Reply:
        """Begin anew; nobody may be served meanwhile."""
        self._stage.begin_anew()
        self._script.steps.clear()
        self._journal.begin_anew()
        self._examiner.begin_anew()
        return self.get_clock()

    def get_clock(self) -> Reply:
        """Tell the time."""
        return Reply(200, clock_json(self._stage.clock))

    def advance_clock(self, body: Json) -> Reply:
        """Let time pass."""
        seconds = body["advanceSeconds"]
        if self._stage.clock.advanced_seconds + seconds > MOST_ADVANCED_SECONDS:
            raise ValidationFailed(
                Problem("/advanceSeconds", "is ten years in all, or more: reset the mock instead")
            )
        self._stage.clock.advance(seconds)
        self._examiner.certification.help(CLOCK_ADVANCED)
        self._examiner.look()
        return self.get_clock()

    def list_failures(self) -> Reply:
        """Tell what is still to come."""
        return Reply(200, {"data": [step_json(step) for step in self._script.steps]})

    def script_failures(self, body: Json | list[Json]) -> Reply:
        """Add to what is to come, all of it or nothing."""
        is_list = isinstance(body, list)
        steps = [step_of(each) for each in (body if isinstance(body, list) else [body])]
        problems = [
            Problem(f"/{number}" * is_list + f"/{member}" * bool(member), told)
            for number, step in enumerate(steps)
            for member, told in complaints_about(step, self._documented)
        ]
        if problems:
            raise ValidationFailed(*problems)
        self._script.steps.extend(steps)
        self._examiner.certification.help(FAILURES_SCRIPTED)
        return self.list_failures()

    def clear_failures(self) -> Reply:
        """Forget what is to come."""
        self._script.steps.clear()
        return Reply(204)

    def get_journal(self, since: int) -> Reply:
        """Tell what was received."""
        entries = [entry_json(entry) for entry in self._journal.entries(since)]
        return Reply(200, {"data": entries, "lastNumber": self._journal.last_number})

    def get_grade(self) -> Reply:
        """Judge whoever sent what was received."""
        return Reply(200, judged(self._examiner, self._journal))

    def clear_journal(self) -> Reply:
        """Forget what was received."""
        self._journal.clear()
        return Reply(204)
