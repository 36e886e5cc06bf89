"""From a path and a method to the operation of the spec."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from keyfob.errors import NotFound
from keyfob.gate.operation import Operation
from keyfob.gate.refusals import MethodNotAllowed

Segments = tuple[str, ...]


@dataclass(slots=True)
class PathItem:
    """A path of the spec and its operations by method."""

    template: Segments
    operations: dict[str, Operation] = field(default_factory=dict)

    def match(self, segments: Segments) -> dict[str, str] | None:
        """Answer the values of the path's parameters, or None if it is another path."""
        if len(segments) != len(self.template):
            return None
        values: dict[str, str] = {}
        for expected, given in zip(self.template, segments, strict=True):
            if expected.startswith("{"):
                if not given or "/" in given:  # no id has a slash
                    return None
                values[expected[1:-1]] = given
            elif expected != given:
                return None
        return values

    def operation(self, method: str) -> Operation:
        """Answer the operation of a method; HEAD is answered as GET is. Raises MethodNotAllowed."""
        found = self.operations.get("GET" if method == "HEAD" else method)
        if found is None:
            raise MethodNotAllowed(self.allow)
        return found

    @property
    def path(self) -> str:
        """The path as the spec writes it."""
        return "/" + "/".join(self.template)

    @property
    def allow(self) -> str:
        """The value of the ``Allow`` header."""
        methods = set(self.operations)
        return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


class Routes:
    """The paths of the spec. A literal path beats one with parameters."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        items: dict[str, PathItem] = {}
        for operation in operations:
            template = tuple(operation.path.removeprefix("/").split("/"))
            item = items.setdefault(operation.path, PathItem(template))
            item.operations[operation.method] = operation
        self._literal = {i.template: i for i in items.values() if "{" not in str(i.template)}
        self._templated = [i for i in items.values() if i.template not in self._literal]

    def find(self, segments: Segments) -> tuple[PathItem, dict[str, str]]:
        """Answer the path item and the values of its parameters. Raises NotFound."""
        if (literal := self._literal.get(segments)) is not None:
            return literal, {}
        for item in self._templated:
            if (values := item.match(segments)) is not None:
                return item, values
        raise NotFound

    def operations(self) -> Iterable[Operation]:
        """Answer every operation."""
        for item in (*self._literal.values(), *self._templated):
            yield from item.operations.values()
