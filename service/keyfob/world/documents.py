"""YAML files whose every place knows its line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from keyfob.errors import Problem
from keyfob.gate.validation import Path as Place
from keyfob.gate.validation import pointer
from keyfob.settings import StartRefused


class FixturesRefused(StartRefused):
    """The fixtures are not what they should be; the message names every file and line."""

    MOST_LINES = 20

    def __init__(self, complaints: Iterable[str]) -> None:
        lines = list(complaints)
        rest = len(lines) - self.MOST_LINES
        more = [f"... and {rest} more."] if rest > 0 else []
        super().__init__("\n".join([*lines[: self.MOST_LINES], *more]))


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where.

    Attributes:
        lines: of each place, by JSON pointer.
    """

    file: Path
    data: Any
    lines: dict[str, int]

    def complaint(self, problem: Problem) -> str:
        """Tell a problem, with the line of its place, or of what encloses it."""
        place = problem.pointer
        while place not in self.lines:
            place = place.rpartition("/")[0]
        return f"{self.file}, line {self.lines[place]}: {problem.pointer} {problem.message}."


def read_document(file: Path) -> Document:
    """Read a YAML file of JSON's types; what looks like a date stays text.

    Raises:
        FixturesRefused: it cannot be read, or is no such YAML.
    """
    try:
        loader = _Loader(file.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        if node is None:
            raise FixturesRefused([f"{file} is empty."])
        return Document(file, loader.construct_document(node), dict(_lines(node, ())))
    except OSError as error:
        raise FixturesRefused([f"{file} cannot be read: {error.strerror}."]) from error
    except UnicodeDecodeError as error:
        raise FixturesRefused([f"{file} is not UTF-8."]) from error
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 1
        raise FixturesRefused([f"{file}, line {line}: {error.problem}."]) from error
    except yaml.YAMLError as error:
        raise FixturesRefused([f"{file} is not YAML: {error}."]) from error


class _Loader(yaml.CSafeLoader):
    """YAML's safe types, without dates."""


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[str, int]]:
    yield pointer(place), node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _lines(item, (*place, position))
    if isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for name, value in node.value:
            if name.value in names:
                raise yaml.MarkedYAMLError(
                    problem=f"{name.value} stands here twice", problem_mark=name.start_mark
                )
            names.add(name.value)
            yield from _lines(value, (*place, str(name.value)))
