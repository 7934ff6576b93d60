"""Pages for people who read by keyboard or ear: what scrolls can be reached, what is called a heading is one."""

import re

from docutils import nodes
from sphinx.application import Sphinx

SCROLLS = re.compile(r'<(pre|div class="table-wrapper[^"]*")>')
BARE = (
    ('role="heading"', 'role="heading" aria-level="2"'),  # captions of the contents
    ("<dl>", '<dl role="none">'),  # the lines of a long signature, which are no definitions
)


def _mended(html: str) -> str:
    for written, meant in BARE:
        html = html.replace(written, meant)
    return SCROLLS.sub(r'<\1 tabindex="0">', html)


def _mend(app: Sphinx, page: str, template: str, context: dict[str, str], tree: nodes.document | None) -> None:
    for part in ("body", "furo_navigation_tree"):
        if part in context:
            context[part] = _mended(context[part])


def setup(app: Sphinx) -> dict[str, bool]:
    """Mend pages after the theme has added its own."""
    app.connect("html-page-context", _mend, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
