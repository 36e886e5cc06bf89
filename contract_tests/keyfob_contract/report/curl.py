"""An exchange as a command for bash that repeats it, to the byte, with variables for the keys."""

import re
import shlex
from collections.abc import Iterator

from keyfob_contract.report.masking import Mask, Part, Variable
from keyfob_contract.wire.message import Request

LONG_RUN = 200
LONGEST_ARGUMENT = 100_000  # Linux takes 131,072 bytes
EXPECTS_ABOVE = 1024  # older curls ask for a 100 Continue before they send more than that

_PLAIN = re.compile(r"[ -~]*")
_SAFE_IN_DOUBLE_QUOTES = re.compile(r"[^$`\"\\!\x00-\x1f\x7f-\U0010ffff]*")
_RUN = re.compile(rf"(.)\1{{{LONG_RUN - 1},}}|(\x00)+", re.DOTALL)
_NEXT_LINE = " \\\n  "


def curl(request: Request, mask: Mask) -> str:
    """Answer the command. It takes the server from ``$URL``."""
    words = [" ".join(["curl -sS -i", *_options(request), _url(request, mask)])]
    words += [f"-H {_header(mask, *each)}" for each in request.headers]
    if not request.body:
        return _NEXT_LINE.join(words)
    if not request.header_values("content-type"):
        words.append("-H 'Content-Type:'")  # curl would say it is a form
    if len(request.body) > EXPECTS_ABOVE:
        words.append("-H 'Expect:'")
    # Latin-1 makes a character of each byte, and bytes of what is escaped.
    body = request.body.decode("latin-1")
    if len(body) > LONGEST_ARGUMENT or _RUN.search(body):
        printers = list(_printers(mask, body))
        printed = f"{{ {'; '.join(printers)}; }}" if len(printers) > 1 else printers[0]
        return f"{printed} | {_NEXT_LINE.join([*words, '--data-binary @-'])}"
    return _NEXT_LINE.join([*words, f"--data-raw {_word(mask, body)}"])


def _options(request: Request) -> Iterator[str]:
    if request.method == "HEAD" and not request.body:
        yield "--head"
    elif request.method != ("POST" if request.body else "GET"):
        yield f"-X {_word(None, request.method)}"
    if request.method == "HEAD" and request.body:
        yield "--max-time 2"  # given a body to send, curl would wait for one in the reply
    if "/." in request.path:
        yield "--path-as-is"
    if set(request.target) & set("[]{}"):
        yield "--globoff"


def _url(request: Request, mask: Mask) -> str:
    if "#" in request.target:  # in a URL it would be kept back
        return f'--request-target {_word(mask, request.target)} "$URL"'
    return _word(mask, "$URL", request.target)


def _header(mask: Mask, name: str, value: str) -> str:
    # A colon without a value would tell curl to leave the header out.
    return _word(mask, f"{name}: {value}" if value.strip() else f"{name};")


def _printers(mask: Mask, body: str) -> Iterator[str]:
    end = 0
    for run in _RUN.finditer(body):
        if run.start() > end:
            yield f"printf %s {_word(mask, body[end : run.start()])}"
        each = "" if run[0][0] == "\0" else f" | tr '\\0' {_word(mask, run[0][0])}"
        yield f"head -c {len(run[0])} /dev/zero{each}"
        end = run.end()
    if end < len(body):
        yield f"printf %s {_word(mask, body[end:])}"


def _word(mask: Mask | None, *texts: str) -> str:
    """Answer one word of bash: ``$URL`` and values as variables, all else as it is."""
    parts: list[Part] = []
    for text in texts:
        if text == "$URL":
            parts.append(Variable("URL"))
        else:
            parts += mask.parts(text) if mask else [text]
    if any(isinstance(part, Variable) for part in parts) and all(map(_is_safe, parts)):
        return f'"{"".join(_in_double_quotes(parts))}"'
    return "".join(_quoted(part) for part in parts) or "''"


def _is_safe(part: Part) -> bool:
    return isinstance(part, Variable) or _SAFE_IN_DOUBLE_QUOTES.fullmatch(part) is not None


def _in_double_quotes(parts: list[Part]) -> Iterator[str]:
    followers = [*parts[1:], ""]
    for part, follower in zip(parts, followers, strict=True):
        if isinstance(part, str):
            yield part
        elif isinstance(follower, str) and re.match(r"\w", follower):
            yield _expansion(part, braces=True)
        else:
            yield _expansion(part)


def _quoted(part: Part) -> str:
    if isinstance(part, Variable):
        return f'"{_expansion(part)}"'
    return shlex.quote(part) if _PLAIN.fullmatch(part) else f"$'{''.join(map(_escaped, part))}'"


def _expansion(variable: Variable, *, braces: bool = False) -> str:
    if variable.length is not None:
        return f"${{{variable.name}:0:{variable.length}}}"
    return f"${{{variable.name}}}" if braces else f"${variable.name}"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if " " <= character <= "~":
        return character
    number = ord(character)
    encoded = bytes([number]) if number < 256 else character.encode("utf-8", "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in encoded)
