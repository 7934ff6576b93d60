"""Links as the pages write them: to a place marked by ``<a id>``, and to what lies in the repository but is no page."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

MARK = re.compile(r'^<a id="([\w-]+)"></a>$', re.MULTILINE)


def _targets(app: Sphinx, page: str, source: list[str]) -> None:
    """Turn marks in HTML, which hold wherever Markdown is read, into targets that are checked here."""
    source[0] = MARK.sub(r"(\1)=\n", source[0])


def _folder(app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.Element) -> nodes.Element | None:
    """Show the name of a folder of the repository, which the site does not hold, without a link."""
    beside = Path(app.srcdir, env.doc2path(node["refdoc"], base=False)).parent
    return nodes.inline("", "", *shown.children) if (beside / node["reftarget"]).is_dir() else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Take both kinds of link."""
    app.connect("source-read", _targets)
    app.connect("missing-reference", _folder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
