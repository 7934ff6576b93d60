"""Links as the pages write them: to a place marked by ``<a id>``, and to what lies in the repository but is no page."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

MARK = re.compile(r'^<a id="([\w-]+)"></a>$', re.MULTILINE)


def _targets(app: Sphinx, page: str, source: list[str]) -> None:
    """Turn marks in HTML, which hold wherever Markdown is read, into targets that are checked here."""
    source[0] = MARK.sub(r"(\1)=\n", source[0])


def _folders(app: Sphinx, tree: nodes.document) -> None:
    """Show the name of a folder of the repository, which the site does not hold, without a link."""
    beside = Path(tree["source"]).parent
    for link in list(tree.findall(pending_xref)):
        if link.get("reftype") == "myst" and (beside / link["reftarget"]).is_dir():
            link.replace_self(link.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Take both kinds of link."""
    app.connect("source-read", _targets)
    app.connect("doctree-read", _folders)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
