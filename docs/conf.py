"""How the site is built: from the pages, notebooks and docstrings that are here, and so that it loads nothing."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "coresponder_causal"
author = "The coresponder_causal developers"
root_doc = "docs/index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "links", "mathml", "public_names", "reachable"]

# The source folder is the checkout itself, so that a link between two files holds on the site as it does beside them.
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "data_dictionary/README.md",
    "docs/**",
    "notebooks/*.ipynb",
    "reproductions/**.md",
]
exclude_patterns = [".*", "build", "coresponder_causal", "dist", "tests"]

nb_execution_mode = "off"  # a notebook is shown as it was run and checked
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
html_math_renderer = "mathml"

suppress_warnings = [
    "ref.python",  # the type of a parameter may be a plain word, such as frame, that is also the name of an attribute
    "toc.empty_glob",  # notebooks that are not executed yet
]

default_role = "code"
autodoc_member_order = "alphabetical"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
add_module_names = False

html_theme = "furo"
html_title = "coresponder_causal"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "front.html"}
html_copy_source = False
templates_path = ["_templates"]
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
