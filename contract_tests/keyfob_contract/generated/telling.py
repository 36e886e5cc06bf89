"""Has Hypothesis tell lives of keys, and look for the shortest one that ends badly."""

from collections.abc import Mapping, Sequence

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from keyfob_contract.generated.lives import KeyLives
from keyfob_contract.generated.story import Broken, Caller, Enough, Stories
from keyfob_contract.run.api import Unexpected
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.stumbling import STUMBLES, spelt_stumble

SITES = 2
IMPATIENCE = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

Callers = tuple[Sequence[Caller], Mapping[str, Sequence[str]]]


def callers_of(kit: Kit) -> Callers:
    """Make keys for everybody who has a part in a life, and the sites of their organisations.

    Raises:
        Unexpected: the implementation refused.
    """
    callers: list[Caller] = []
    sites: dict[str, Sequence[str]] = {}
    for name, maker in (("the organisation", kit.live), ("another organisation", kit.other)):
        if maker is None:
            continue
        owner = kit.keyring.make("owner", maker)
        sites[name] = [kit.resources.fresh(owner.api, "siteId") for _ in range(SITES)]
        limited = kit.keyring.make("limited", owner.api, siteIds=[sites[name][0]])
        everywhere, here = frozenset({"*"}), frozenset({sites[name][0]})
        callers.append(Caller(f"a key of {name}", name, owner.api, owner.id, everywhere))
        callers.append(Caller(f"a key for one site of {name}", name, limited.api, limited.id, here))
    return callers, sites


def tell(kit: Kit, callers: Callers, stories: Stories) -> bool:
    """Have keys live and die; answer whether what ended badly did so whenever it was repeated."""

    class Lives(KeyLives):
        pass

    Lives.kit, Lives.stories = kit, stories
    Lives.callers, Lives.sites = callers
    try:
        run_state_machine_as_test(
            seed(kit.effort.seed)(Lives),
            settings=settings(
                max_examples=kit.effort.lives,
                stateful_step_count=kit.effort.steps,
                phases=[Phase.generate, Phase.shrink],
                database=None,
                deadline=None,
                derandomize=False,
                print_blob=False,
                report_multiple_bugs=False,
                suppress_health_check=IMPATIENCE,
                verbosity=Verbosity.quiet,
            ),
        )
    except (Broken, Enough):
        return True
    except Flaky:  # or so it seems, if time was up in the middle
        return stories.worst is None or stories.is_over
    except Unexpected as refusal:
        stories.tell_of(refusal.exchange, str(refusal))
    except STUMBLES as error:
        if stories.last is None:
            raise
        stories.tell_of(stories.last, spelt_stumble(error))
    return True
