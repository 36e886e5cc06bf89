"""Pages as assistive technology meets them, by axe: in each look that they have."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING: dict[str, Any] = {"type": "tag", "values": TAGS}
COLOURS: dict[str, Any] = {"type": "rule", "values": ["color-contrast"]}
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 360, "height": 700}
LOOKS: tuple[tuple[str, Literal["light", "dark"], ViewportSize, dict[str, Any]], ...] = (
    ("light", "light", WIDE, EVERYTHING),
    ("dark", "dark", WIDE, COLOURS),
    ("phone", "light", NARROW, EVERYTHING),
)


def violations(page: Page, rules: dict[str, Any]) -> list[Any]:
    """Answer what axe finds: the rules, and where they are broken."""
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]
