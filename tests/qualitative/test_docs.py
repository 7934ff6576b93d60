"""The examples of the page on what people said run as they stand."""

import re
from pathlib import Path

from coresponder_causal.core.notes import quietly

PAGE = Path(__file__).parents[2] / "docs" / "qualitative.md"


def test_the_examples_of_the_page_run():
    parts = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(parts) == 2
    known: dict[str, object] = {}
    with quietly():
        for part in parts:
            exec(part, known)
