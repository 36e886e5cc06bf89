"""The world as its files tell it."""

from dataclasses import dataclass
from pathlib import Path

from keyfob.domain.opening import system_clock
from keyfob.reply import Json
from keyfob.spec import spec_file
from keyfob.world.checks import problems_of
from keyfob.world.documents import Document, FixturesRefused, read_document
from keyfob.world.moments import read_moments
from keyfob.world.shapes import shape_of_each_file


@dataclass(frozen=True, slots=True)
class World:
    """What is in the files: members as the API spells them, times as ``Moment``."""

    organizations: list[Json]
    keys: list[Json]
    visitors: list[Json]
    employees: list[Json]
    deliveries: list[Json]


def shipped_fixtures() -> Path:
    """Answer where fixtures/ is: in the installed package, or at the top of a checkout."""
    return spec_file().with_name("fixtures")


def read_world(directory: Path) -> World:
    """Read the files of a directory.

    Raises:
        FixturesRefused: naming file and line of all that is wrong.
    """
    shapes = shape_of_each_file()
    documents = {Path(name).stem: read_document(directory / name) for name in shapes}
    _refuse_if(
        [
            document.complaint(problem)
            for document, shape in zip(documents.values(), shapes.values(), strict=True)
            for problem in [*shape.problems(document.data), *read_moments(document.data)]
        ]
    )
    world = World(**{name: document.data for name, document in documents.items()})
    _refuse_if(_complaints(world, documents))
    return world


def _complaints(world: World, documents: dict[str, Document]) -> list[str]:
    found = problems_of(
        {name: getattr(world, name) for name in documents},
        now=system_clock(),
    )
    return [documents[name].complaint(problem) for name, problem in found]


def _refuse_if(complaints: list[str]) -> None:
    if complaints:
        raise FixturesRefused(complaints)
