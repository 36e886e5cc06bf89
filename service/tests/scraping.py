"""What Prometheus sees when it comes by."""

from collections import Counter
from collections.abc import Iterator

import httpx
from processes import Server
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

METRICS_ADDRESS = "127.0.0.1:0"

_http = httpx.Client()


class Scrape:
    """All samples of one visit."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = [
            s for family in text_string_to_metric_families(text) for s in family.samples
        ]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    def __call__(self, name: str, **labels: str) -> float:
        """Answer the sum over all series of a name that have these labels; 0 if there are none."""
        return sum(
            sample.value
            for sample in self
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def counts(self) -> Counter[tuple[str, frozenset[tuple[str, str]]]]:
        """Answer every series that must never go down."""
        return Counter(
            {
                (sample.name, frozenset(sample.labels.items())): sample.value
                for sample in self
                if sample.name.endswith(("_total", "_bucket", "_count", "_sum"))
            }
        )


def scrape(server: Server) -> Scrape:
    """Come by, at the address that the log names."""
    reply = _http.get(server.line(event="serving_metrics")["url"])
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("text/plain")
    return Scrape(reply.text)
