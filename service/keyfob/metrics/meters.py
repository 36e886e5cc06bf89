"""The series of one process, under the names by which Prometheus knows them."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

METERS = "meters"
"""Under which name the application, once it has started, leaves them to its server."""

REQUEST_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
STORE_BUCKETS = (0.0001, 0.00025, *REQUEST_BUCKETS)

# When each series began: it would double them all, and files of workers do not hold it.
disable_created_metrics()


class Meters:
    """Counts, in a microsecond or two, from any thread.

    The values of labels come from the spec and from our own code, never from a client, so that
    nobody can make series. Labelled series are looked up once: the library takes as long to find
    one as to count.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "keyfob_requests_total",
            "Requests answered; operation is empty if none was reached.",
            ("operation", "status", "code"),
            registry=registry,
        )
        self._durations = Histogram(
            "keyfob_request_duration_seconds",
            "From a request's head to its answer.",
            ("operation",),
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._authorizations = Counter(
            "keyfob_authorizations_total",
            "Keys judged for gateways and sibling services; OK or why not.",
            ("operation", "outcome"),
            registry=registry,
        )
        self._statements = Histogram(
            "keyfob_store_seconds",
            "Statements of the store; begin waits for its turn, commit for the disk.",
            ("statement",),
            buckets=STORE_BUCKETS,
            registry=registry,
        )
        self.workers = Gauge(
            "keyfob_workers",
            "Processes that answer requests.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.limiter_outages = Counter(
            "keyfob_limiter_outages_total",
            "How often counting rate limits became impossible.",
            registry=registry,
        )
        self.limiter_passed = Counter(
            "keyfob_limiter_passed_total",
            "Charges that passed uncounted in an outage.",
            registry=registry,
        )
        self.limiter_available = Gauge(
            "keyfob_limiter_available",
            "1 if every worker can count rate limits, or 0.",
            multiprocess_mode="livemin",
            registry=registry,
        )
        self.limiter_available.set(1)  # until somebody looks
        self.usage_buffered = Gauge(
            "keyfob_usage_buffered",
            "Requests that wait to be written down.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.usage_dropped = Counter(
            "keyfob_usage_dropped_total",
            "Requests counted but never to be traced.",
            registry=registry,
        )
        self.usage_outages = Counter(
            "keyfob_usage_outages_total",
            "How often writing usage down became impossible.",
            registry=registry,
        )
        self._answered: dict[tuple[str, int, str], _Answered] = {}
        self._judged: dict[tuple[str, str], Callable[[], None]] = {}
        self._executed: dict[str, Callable[[float], None]] = {}

    def answered(self, operation: str, status: int, code: str, seconds: float) -> None:
        """Count a request that the gate has answered."""
        known = self._answered.get((operation, status, code))
        if known is None:
            count = self._requests.labels(operation, status, code).inc
            known = count, self._durations.labels(operation).observe
            self._answered[operation, status, code] = known
        count, observe = known
        count()
        observe(seconds)

    def refused(self, status: int, code: str) -> None:
        """Count a request that the server has refused before, or after, it came to the gate."""
        self._requests.labels("", status, code).inc()

    def judged(self, operation: str, outcome: str) -> None:
        """Count a verdict on a key."""
        count = self._judged.get((operation, outcome))
        if count is None:
            count = self._authorizations.labels(operation, outcome).inc
            self._judged[operation, outcome] = count
        count()

    def executed(self, statement: str, seconds: float) -> None:
        """Count a statement of the store, by its kind."""
        observe = self._executed.get(statement)
        if observe is None:
            observe = self._executed[statement] = self._statements.labels(statement).observe
        observe(seconds)


_Answered = tuple[Callable[[], None], Callable[[float], None]]
