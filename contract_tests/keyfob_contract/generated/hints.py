"""Where a spec speaks of things that exist: there, generated texts should mostly name real ones.

Generators copy a spec's examples, so real ids come in as late as possible, in the places of the
examples: what is generated depends on the seed alone, and what it meets is alive.
"""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from keyfob_contract.rules.spec import Contract, Document, Operation, type_of
from keyfob_contract.run.resources import Resources

ANY_CURSOR = "the-cursor-after-the-first-item"
ANY_THING = "the-id-of-one"
TIME_TO_COME = "time-to-come"

Schema = dict[str, Any]


class Hints:
    """Knows the texts that stand for real ones.

    Attributes:
        ids: the text that stands for things of a kind, by the path parameter that names them.
    """

    def __init__(self, contract: Contract, resources: Resources, others: Iterable[str]) -> None:
        self._contract = contract
        self.ids = {
            name: collection.example or ANY_THING
            for name, collection in resources.collections.items()
        }
        cursors = {
            self.cursor(operation, name)
            for operation in contract.operations
            for name in contract.profile.strictness.opaque
            if name in operation.query
        }
        texts = {*self.ids.values(), *others, *cursors}
        self._texts = sorted(text for text in texts if text is not None)

    def cursor(self, operation: Operation, parameter: str) -> str | None:
        """Answer the text that stands for a real cursor, if there is one that would be valid."""
        rule = operation.query[parameter]
        text = ANY_CURSOR if rule.example is None else rule.example
        return text if rule.is_text and rule.validator.is_valid(text) else None

    def strategies(self) -> Iterator[tuple[str, st.SearchStrategy[str]]]:
        """Answer the name of a format for each text, and what is generated of that format."""
        yield TIME_TO_COME, future_times()
        for text in self._texts:
            yield _format(text), mostly(text)

    def on(self, spec: Mapping[str, Any], *, ids: bool = True) -> dict[str, Any]:
        """Answer a copy of the spec that prefers times to come, where those are demanded.

        With ``ids`` it also prefers the texts for which real ones are put in later.
        """
        texts = frozenset(self._texts) if ids else frozenset[str]()
        document = Document(copy.deepcopy(dict(spec)))
        marker = _Marker(document, texts)
        for path, method, item, operation in document.operations():
            known = self._contract.by_id[operation.get("operationId", f"{method.upper()} {path}")]
            for reference in [*item.get("parameters", []), *operation.get("parameters", [])]:
                parameter = document.resolve(reference)
                marker.mark(parameter.get("schema", {}), self._texts_at(known, parameter))
            body = document.resolve(operation.get("requestBody", {}))
            for media in body.get("content", {}).values():
                named = [document.resolve(each) for each in media.get("examples", {}).values()]
                examples = [media.get("example"), *(each.get("value") for each in named)]
                marker.mark(media.get("schema", {}), examples)
        return dict(document.spec)

    def _texts_at(self, operation: Operation, parameter: dict[str, Any]) -> list[Any]:
        name, place = parameter["name"], parameter["in"]
        if place == "path" and name in self.ids:
            return [self.ids[name]]
        if place == "query" and name in self._contract.profile.strictness.opaque:
            return [self.cursor(operation, name)]
        return [parameter.get("example")]


class _Marker:
    """Gives a format of its own to each schema of a text that has one of the texts as example."""

    def __init__(self, document: Document, texts: frozenset[str]) -> None:
        self._document = document
        self._texts = texts

    def mark(self, node: Any, examples: list[Any], within: tuple[int, ...] = ()) -> None:
        """Mark a schema, of which there are such examples, and those within it."""
        schema = self._document.resolve(node)
        if not isinstance(schema, dict) or id(schema) in within:
            return
        if schema.get("x-must-be-future"):
            schema |= {"format": TIME_TO_COME}
            schema.pop("maxLength", None)  # no time is as long as that: it would be sought in vain
            return
        found = [*examples, schema.get("example"), *schema.get("examples", [])]
        known = [e for e in found if isinstance(e, str) and e in self._texts]
        if known and type_of(schema) == "string":
            schema |= {"format": _format(known[0]), "example": known[0]}
        for inner, of_inner in _within(schema, found):
            self.mark(inner, of_inner, (*within, id(schema)))


def _within(schema: Schema, examples: list[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Answer the schemas within one, each with what examples of the whole say of it."""
    for word in ("allOf", "oneOf", "anyOf"):
        for each in schema.get(word, []):
            yield each, examples
    for name, member in schema.get("properties", {}).items():
        yield member, [e[name] for e in examples if isinstance(e, dict) and name in e]
    if "items" in schema:
        yield schema["items"], [item for e in examples if isinstance(e, list) for item in e]


def mostly(example: str) -> st.SearchStrategy[str]:
    """The example two times out of three, else something like it."""
    prefix, joint, rest = example.rpartition("_")
    alike = st.from_regex(rf"\A{re.escape(prefix + joint)}[0-9A-Za-z]{{{len(rest)}}}\Z")
    others = alike | st.from_regex(r"\A[a-z0-9]{1,20}\Z")
    return st.integers(0, 2).flatmap(lambda n: others if n == 0 else st.just(example))


def future_times() -> st.SearchStrategy[str]:
    """Times that every implementation takes to be in the future, spelt in all the ways allowed."""
    days = ("2090-01-01T00", "2096-02-29T12", "2099-12-31T23", "9998-12-31T23")
    ends = ("Z", "z", "+00:00", ".1+01:00", ".123-09:30", ".123Z", ".123456789+14:00")
    return st.sampled_from(
        [f"{days[number % len(days)]}:30:00{end}" for number, end in enumerate(ends)]
    )


def _format(text: str) -> str:
    return f"real-{text}"
