"""The kit beside the command line of Schemathesis: generated and validated cases a second.

Each judges the same service over HTTP, by the same file, as a whole process from its start to its
verdict, with a key that no limit stops. A case is a request that was made up and whose reply was
held against the file.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from measuring import Measure
from servers import KEYFOB, served

SPEC = Path(__file__).parents[1] / "openapi.yaml"
SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
CASES = 2000
EXAMPLES = 50
"""For each operation and phase of Schemathesis; some two thousand cases in all."""

_GENERATED = re.compile(r"(\d+) generated")


def contenders() -> Mapping[str, Measure]:
    """Answer what measures each of them once, against a server of its own."""
    return {"keyfob contract": _kit, "schemathesis run": _schemathesis}


def _kit() -> float:
    with served() as service, tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "verdict.json")
        keys = ["--admin-key", service.key, "--other-admin-key", service.other_key]
        chosen = ["--only", "generated", "--max-examples", str(CASES), "--json", str(report)]
        command = [KEYFOB, "contract", "--url", service.url, *keys, *chosen]
        seconds = _timed(command, {0}, Path(folder, "out"))
        verdict = json.loads(report.read_text())
    generated = next(check for check in verdict["checks"] if check["group"] == "generated")
    return float(generated["exchanges"]) / seconds


def _schemathesis() -> float:
    with served() as service, tempfile.TemporaryDirectory() as folder:
        how = ["--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)]
        header = ["--header", f"Authorization: Bearer {service.key}"]
        go_on = ["--continue-on-failure", "--warnings", "off", "--seed", "1"]
        command = [SCHEMATHESIS, "run", str(SPEC), "--url", service.url, *header, *how, *go_on]
        # 1: it calls a refused cursor, or a time that has passed, a valid request.
        out = Path(folder, "out")
        seconds = _timed(command, {0, 1}, out)
        found = _GENERATED.search(out.read_text())
    if found is None:
        raise RuntimeError("schemathesis does not tell how many cases it has generated")
    return int(found[1]) / seconds


def _timed(command: list[str], good: set[int], out: Path) -> float:
    """Answer how many seconds it took; it says what it says into a file, and works beside it."""
    with out.open("wb") as file:
        started = time.perf_counter()
        run = subprocess.run(command, cwd=out.parent, stdout=file, stderr=file, check=False)
        seconds = time.perf_counter() - started
    if run.returncode not in good:
        raise RuntimeError(f"{command[:2]} ended with {run.returncode}: {out.read_text()[-2000:]}")
    return seconds
