"""Why every metric names its denominator, shown on published counts.

``python -m coresponder_causal.plan.denominators`` writes docs/denominators.md and its picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.files import write_whole
from coresponder_causal.data.folder import folder, written
from coresponder_causal.data.rates import Definition, rates

picture_name = "denominators.svg"


def example() -> tuple[dict[str, Any], pd.DataFrame]:
    """Compute the published example: what its file says, and one row per definition of the rate.

    Examples
    --------
    >>> example()[1]["percent"].round(1).tolist()
    [20.1, 16.5, 12.9, 2.3, 4.5, 3.7, 7.5]
    """
    stated = written(folder() / "denominators.yaml")
    return stated, rates(stated["counts"], [Definition(**entry) for entry in stated["definitions"]])


def denominators_page() -> str:
    """Write the example as one Markdown page.

    Examples
    --------
    >>> denominators_page().splitlines()[0]
    '# One team, seven diversion rates'
    """
    stated, found = example()
    picture = report.rates_picture(found, title=stated["title"])
    low, high = found["percent"].min(), found["percent"].max()
    lines = [
        f"# {stated['title']}",
        "",
        "Generated from `data_dictionary/denominators.yaml` by `python -m coresponder_causal.plan.denominators`; "
        "change that file, not this page.",
        "",
        f"From {len(stated['counts'])} {stated['source']}, the share of calls that the team took off the police is "
        f"{low:.0f} % or {high:.0f} %, or anything between. Nothing differs but what is counted and what it is divided "
        "by. So [every metric](metrics.md) of this package names both, and prints the number it was divided by.",
        "",
        f"![{picture.alt}]({picture_name})",
        "",
        "| Rate | Counted | | Of | | Percent |",
        "|---|---|---:|---|---:|---:|",
    ]
    lines += [
        f"| {row['name']} | {row['counts']} | {row['numerator']:,.0f} | {row['divides_by']} | "
        f"{row['denominator']:,.0f} | {row['percent']:.4f} |"
        for row in found.to_dict("records")
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page and its picture into the docs of a checkout."""
    docs = Path(__file__).parents[2] / "docs"
    stated, found = example()
    write_whole(docs / "denominators.md", denominators_page().encode())
    report.write(report.rates_picture(found, title=stated["title"]), docs / picture_name, audience="public")


if __name__ == "__main__":
    main()
