"""Things that exist, for requests to name: made by the contract's own operations.

A path ``/v1/sites/{siteId}`` names what ``POST /v1/sites`` makes. Whatever the file gives as the
example of such an id stands, wherever else it turns up, for a real one.
"""

import copy
import json
import random
import string
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from keyfob_contract.rules.exchange import NOTHING, Exchange, at_pointer
from keyfob_contract.rules.spec import JSON, Contract, Operation
from keyfob_contract.run.api import Api, Unexpected, demand
from keyfob_contract.run.keyring import Keyring
from keyfob_contract.wire.clocks import Clock, patiently
from keyfob_contract.wire.message import Request

STEP_SECONDS = 0.1
MOST_STEPS = 49
FAR_AWAY = (100_000, 500_000)
ABSENT = frozenset({404, 410})
IN_BODY = "$response.body#"

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Collection:
    """Where things of one kind are.

    Attributes:
        parameter: the path parameter that names one of them.
        example: the id of one of them that the file uses as its example.
        viewer: the operation that shows one of them, if there is one.
        id_pointer: where the id of a new one is, in the reply to its creation.
        can_delete: whether there is an operation that deletes one of them.
    """

    path: str
    parameter: str
    maker: Operation
    example: str | None
    lister: Operation | None
    viewer: Operation | None
    id_pointer: str
    can_delete: bool

    @property
    def id_member(self) -> str:
        """The member that holds the id of one of them in lists."""
        return self.id_pointer.rpartition("/")[2]


class Resources:
    """Makes things, each for an organisation, and knows which the run made."""

    def __init__(self, contract: Contract, keyring: Keyring, clock: Clock, mark: str) -> None:
        self._contract = contract
        self._keyring = keyring
        self._clock = clock
        self._mark = mark
        self._kept: dict[tuple[str, str | None, int], str] = {}
        self._made: list[tuple[Api, Collection, str]] = []
        self._number = 0
        self.collections = {c.parameter: c for c in _collections(contract)}

    def one(self, api: Api, parameter: str, number: int = 0) -> str:
        """Answer the id of a thing that the holder of the key meets; always the same one.

        Few things are made, for most of them cannot be removed again.

        Args:
            api: whose it is.
            parameter: of a path, which such things are named by.
            number: another one for each number.

        Raises:
            LookupError: there is no way to make one.
            Unexpected: it was refused.
        """
        name = (parameter, api.value, number)
        if name not in self._kept:
            self._kept[name] = self.fresh(api, parameter)
        return self._kept[name]

    def fresh(self, api: Api, parameter: str) -> str:
        """Make a thing and answer its id. Raises LookupError, Unexpected."""
        profile = self._contract.profile
        collection = self.collections.get(parameter)
        if collection is None:
            return self._traced_request(api, parameter)
        if collection.maker.id == profile.keys.mint:
            return self._keyring.make("thing", api).id
        maker = collection.maker
        request = Request("POST", self.path(api, maker))
        if (body := self.body(api, maker)) is not None:
            request = request.with_json(body, maker.body.media_type if maker.body else JSON)
        exchange = api.ask(request)
        demand(exchange, maker.success)
        return self.adopt(api, maker, exchange)

    def path(self, api: Api, operation: Operation, ids: Mapping[str, str] | None = None) -> str:
        """Answer an operation's path with ids in it: those given, else of things that exist.

        Where there is no way to make what it names, it names what the file gives as an example.

        Raises:
            Unexpected: it was refused to make what it names.
        """
        path = operation.path
        for name in operation.path_values:
            value = (ids or {}).get(name) or self.any_id(api, name)
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return path

    def any_id(self, api: Api, parameter: str) -> str:
        """Answer the id of a thing or, where nothing can be made, the example or what is like one.

        Raises:
            Unexpected: it was refused to make one.
        """
        try:
            return self.one(api, parameter)
        except LookupError:
            rules = [
                o.path_values[parameter]
                for o in self._contract.operations
                if parameter in o.path_values
            ]
            return str(rules[0].invented if rules[0].example is None else rules[0].example)

    def adopt(self, maker: Api, operation: Operation, exchange: Exchange) -> str:
        """Take charge of a thing that an exchange has created, and answer its id.

        It is empty if no path of the contract names such things. Raises Unexpected.
        """
        for collection in self.collections.values():
            if collection.maker.id == operation.id:
                made = at_pointer(exchange.json, collection.id_pointer)
                if made is NOTHING:
                    raise Unexpected(exchange, "the reply holds no id of what was made")
                self._made.append((maker, collection, str(made)))
                return str(made)
        return ""

    def body(self, api: Api, operation: Operation) -> Any:
        """Answer a body that the operation takes, with real ids; None if it takes none."""
        if operation.body is None or not operation.body.examples:
            return None
        if operation.id == self._contract.profile.keys.mint:
            return self._keyring.body(self._new_name().removeprefix(f"{self._mark} "))
        return self.example(api, operation, 0)

    def example(self, api: Api, operation: Operation, number: int) -> Any:
        """Answer one of the file's examples of a body, with real ids. Raises LookupError."""
        examples = operation.body.examples if operation.body else ()
        body = self.with_real_ids(api, copy.deepcopy(examples[number]))
        if (member := self.naming_member(operation, body)) is not None:
            body[member] = self._new_name()
        return body

    def naming_member(self, operation: Operation, body: Any) -> str | None:
        """Answer the member of a body that names a thing for people, if it has one."""
        profile = self._contract.profile
        is_key = operation.id == profile.keys.mint
        named = profile.keys.name if is_key else profile.things.name
        texts = (
            [name for name in body if isinstance(body[name], str)] if isinstance(body, dict) else []
        )
        like = [name for name in texts if name.lower().endswith("name")]
        return named if named in texts else next(iter(like), None)

    def with_real_ids(self, api: Api, value: Any) -> Any:
        """Answer a JSON value with ids of real things in the places of the file's examples."""
        text = json.dumps(value)
        for collection in self.collections.values():
            if collection.example and f'"{collection.example}"' in text:
                real = self.one(api, collection.parameter)
                text = text.replace(f'"{collection.example}"', json.dumps(real))
        return json.loads(text)

    def absent(self, existing: str, rng: random.Random) -> str:
        """Answer an id of the same form as an existing one that names nothing."""
        if existing.isascii() and existing.isdigit():
            return str(int(existing) + rng.randrange(*FAR_AWAY))
        start = len(existing) - len(existing.lstrip(string.ascii_letters))
        body = existing[start:] if start < len(existing) else existing
        characters = [character for character in body if character.isalnum()]
        shuffled = iter(rng.sample(characters, len(characters)))
        other = "".join(next(shuffled) if each.isalnum() else each for each in body)
        return existing.removesuffix(body) + (other if other != body else other[::-1])

    def own(self, collection: Collection, items: Sequence[Item]) -> list[Item]:
        """Answer the things that are this run's; others are none of its business.

        Those are what it made, what bears its mark, and what names anything that it made: who made
        it, or where it is.
        """
        known = self._keyring.ids | {made for *_, made in self._made}
        return [
            item
            for item in items
            if str(item.get(collection.id_member)) in known
            or any(self._mark in text or _is_one_of(text, known) for text in _texts(item))
        ]

    def remove(self, made: str) -> None:
        """Delete a thing that was made, if it is not gone already and can be."""
        for each in [each for each in self._made if each[2] == made]:
            if each[1].can_delete:
                self._delete(*each)
                self._made.remove(each)

    def forget(self, made: str) -> None:
        """Leave alone a thing that is gone."""
        self._made = [each for each in self._made if each[2] != made]

    def remove_all(self) -> list[str]:
        """Delete what can be deleted, and answer what stays: ``path/id``."""
        made = self._made[::-1]
        self._made.clear()
        return [f"{each[1].path}/{each[2]}" for each in made if not self._delete(*each)]

    def _delete(self, maker: Api, collection: Collection, made: str) -> bool:
        if not collection.can_delete:
            return False
        path = self.path(maker, collection.maker)
        status = maker("DELETE", f"{path}/{quote(made, safe='')}").status
        return status < 300 or status in ABSENT

    def _traced_request(self, api: Api, parameter: str) -> str:
        profile = self._contract.profile
        tracer = self._contract.by_id.get(profile.request_id.traced_by or "")
        prove = self._contract.by_id.get(profile.keys.prove or "")
        if tracer is None or prove is None or parameter not in tracer.path_values:
            raise LookupError(f"the contract has no operation that makes a {parameter}")
        exchange = api(prove.method, prove.path)
        request_id = exchange.header(profile.request_id.header or "") or ""
        api.inspector.settle()
        path = tracer.path.replace(f"{{{parameter}}}", request_id)
        trace = patiently(
            self._clock,
            lambda: api(tracer.method, path),
            lambda seen: seen.status == 200,
            step_seconds=STEP_SECONDS,
            most_steps=MOST_STEPS,
        )
        if trace.status != 200:
            raise Unexpected(exchange, "this request left no trace that can be read")
        return request_id

    def _new_name(self) -> str:
        self._number += 1
        return f"{self._mark} {self._number}"


def _collections(contract: Contract) -> list[Collection]:
    makers = {o.path: o for o in contract.operations if o.method == "POST"}
    readers = {o.path: o for o in contract.operations if o.method == "GET"}
    deletable = {o.path for o in contract.operations if o.method == "DELETE"}
    found: dict[str, Collection] = {}
    for operation in contract.operations:
        parent, _, last = operation.path.rpartition("/")
        maker = makers.get(parent)
        if last.startswith("{") and maker is not None and maker.success == 201:
            parameter = last[1:-1]
            example = operation.path_values[parameter].example
            found[parameter] = Collection(
                path=parent,
                parameter=parameter,
                maker=maker,
                example=example if isinstance(example, str) else None,
                lister=readers.get(parent),
                viewer=readers.get(operation.path),
                id_pointer=_id_pointer(contract, maker, parameter),
                can_delete=operation.path in deletable,
            )
    return list(found.values())


def _id_pointer(contract: Contract, maker: Operation, parameter: str) -> str:
    """Answer where a new thing's id is: as a link says, else as the profile, else the parameter."""
    profile = contract.profile
    if maker.id == profile.keys.mint:
        return profile.keys.id
    reply = maker.replies[maker.success]
    told = [str(link.parameters.get(parameter)) for link in reply.links]
    if pointers := [each.removeprefix(IN_BODY) for each in told if each.startswith(IN_BODY)]:
        return pointers[0]
    usual = profile.things.id
    is_named_alike = usual.strip("/") not in reply.members and parameter in reply.members
    return f"/{parameter}" if is_named_alike else usual


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _is_one_of(text: str, ids: AbstractSet[str]) -> bool:
    return text in ids and not text.isdigit()  # which may count something else
