"""What a fault is: a named patch on the real service, in force for as long as it is entered."""

import functools
import inspect
from collections.abc import Callable, Generator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from keyfob.gate.asgi import Gate
from keyfob_contract.faults.bending import Bend, bent
from keyfob_contract.wire.message import Request

Right = Callable[..., Any]
"""What stood there before the patch, and does it right."""


class Patch:
    """Breaks the service; whatever it does is undone with the stack."""

    def __init__(self, undone: ExitStack) -> None:
        self._undone = undone

    def __call__(self, owner: Any, name: str) -> Callable[[Callable[..., Any]], None]:
        """Replace a function of a module or class; the replacement is given the right one first."""

        def put(replacement: Callable[..., Any]) -> None:
            right = vars(owner)[name]

            @functools.wraps(right)
            def wrong(*args: Any, **kwargs: Any) -> Any:
                return replacement(right, *args, **kwargs)

            self.put(owner, name, wrong)

        return put

    def put(self, owner: Any, name: str, value: Any) -> None:
        """Replace anything that a module, a class or an instance holds."""
        self._undone.callback(setattr, owner, name, vars(owner)[name])
        setattr(owner, name, value)

    def entry(self, table: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        """Replace an entry of a table."""
        self._undone.callback(table.__setitem__, key, table[key])
        table[key] = value

    def replies(self, bend: Bend) -> None:
        """Change every reply as it leaves the application."""

        @self(Gate, "__call__")
        async def call(right: Right, gate: Gate, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await right(gate, scope, receive, send)
                return
            sent: list[Any] = []

            async def keep(message: Any) -> None:
                sent.append(message)

            await right(gate, scope, receive, keep)
            for message in bent(_request(scope), sent, bend):
                await send(message)


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        sentence: what is wrong, for people.
        caught_by: the name of the check that is there for it.
        breaks: patches the service.
    """

    name: str
    group: str
    sentence: str
    caught_by: str
    breaks: Callable[[Patch], None]

    @contextmanager
    def in_force(self) -> Generator[None]:
        """Have a service that is opened meanwhile be broken."""
        with ExitStack() as undone:
            self.breaks(Patch(undone))
            yield


def fault(caught_by: str) -> Callable[[Callable[[Patch], None]], Fault]:
    """Make a fault of a function that patches; its name and its docstring are the fault's."""

    def made(breaks: Callable[[Patch], None]) -> Fault:
        return Fault(
            name=breaks.__name__,
            group=breaks.__module__.rpartition(".")[2],
            sentence=inspect.getdoc(breaks) or "",
            caught_by=caught_by,
            breaks=breaks,
        )

    return made


def _request(scope: Any) -> Request:
    query = scope["query_string"].decode("latin-1")
    target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"])
    return Request(scope["method"], target, headers)
