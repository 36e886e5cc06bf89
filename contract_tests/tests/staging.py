"""A real server that somebody holds against the contract."""

from dataclasses import dataclass

from processes import Finished, Operator, Server


@dataclass(frozen=True)
class Staging:
    """A server with two organisations, and keys of each that may do everything."""

    operator: Operator
    server: Server
    key: str
    other_key: str

    def judge(self, *options: str, **environment: str) -> Finished:
        """Run ``keyfob contract`` against the server, with the first key."""
        keys = {"CONTRACT_ADMIN_KEY": self.key, **environment}
        return self.operator.run("contract", "--url", self.server.url, *options, **keys)

    def names(self) -> set[str]:
        """Answer the names of all keys that there are."""
        keys = (self.key, self.other_key)
        pages = [self.server.get("/v1/api-keys?limit=100", key).json() for key in keys]
        return {key["name"] for page in pages for key in page["data"]}
