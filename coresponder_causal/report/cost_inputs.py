"""What the costs of a programme rest on: prices, whose costs count, over how long, in which money."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coresponder_causal.decide import Cost, Posts
from coresponder_causal.report.specs import Column, Table, of_nobody

enters = {
    "spent": "spent on the programme", "freed": "freed by it", "averted": "saved by each averted event",
    "officer_hour": "worth of an officer-hour",
}  # fmt: skip
whose = {"society": "society", "city": "the city", "county": "the county"}


def money(low: float, high: float) -> str:
    """Write an amount or a range of whole units."""
    least, most = (f"{value:,.0f}".replace("-", "−") for value in (low, high))
    return least if least == most else f"{least} to {most}"


def prices_table(found: Cost) -> Table:
    """List every price with its unit, year and source, and whether it counts.

    Parameters
    ----------
    found : Cost
    """
    rows = found.prices.to_dict("records")
    frame = pd.DataFrame(
        {
            "what": [str(row["what"]).replace("_", " ") for row in rows],
            "enters": [
                f"{enters[str(row['enters'])]}{'' if row['counted'] else ' (not counted here)'}" for row in rows
            ],
            "paid": [
                f"{row['quantity']:,g} × {row['unit']}" if row["enters"] in ("spent", "freed") else row["unit"]
                for row in rows
            ],
            "amount": [
                f"{row['amount']:,g}" + ("" if row["low"] == row["high"] else f" ({money(row['low'], row['high'])})")
                for row in rows
            ],
            "year": [
                f"{row['year']}" + ("" if row["factor"] in (0, 1) else f" (× {row['factor']:.3g})") for row in rows
            ],
            "payer": [row["payer"] for row in rows],
            "source": [row["source"] for row in rows],
        }
    )
    heads = ("What", "Enters as", "Quantity a year", "Dollars each (95 %)", "Money of", "Borne by", "Source")
    columns = tuple(
        Column(name, head, "said" if name in ("paid", "amount") else "text")
        for name, head in zip(frame.columns, heads, strict=True)
    )
    note = f"As the study states them; × turns money of another year into that of {found.about['price_year']}."
    return Table(title="Prices", frame=frame, columns=columns, note=note, support=of_nobody)


def rests_table(found: Cost, reasons: Mapping[str, str], index_source: str) -> Table:
    """Say from whose point of view, over how long, in which money, and what was assumed of officers' hours.

    Parameters
    ----------
    found : Cost
    reasons, index_source
        As of `cost_section`.
    """
    about, posts, no_reason = found.about, found.about["posts"], "no reason stated"
    index = dict(sorted(about["index"].items())) if isinstance(about["index"], dict) else {}
    taken = about["officer_hours"] if isinstance(about["officer_hours"], dict) else {}
    years, rate = about["horizon_years"], 100 * float(str(about["discount"]))
    rows = [
        ("Whose costs count", whose[str(about["perspective"])], reasons.get("perspective", no_reason)),
        ("Horizon", f"{years} year{'s' if years != 1 else ''}", reasons.get("horizon_years", no_reason)),
        (
            "Discount",
            f"{rate:g} % a year, of costs and effects alike, from the second year on",
            reasons.get("discount", no_reason),
        ),
        (
            "Money",
            f"US dollars of {about['price_year']}"
            + ("; index " + ", ".join(f"{year}: {value:g}" for year, value in index.items()) if index else ""),
            index_source or ("no source stated" if index else "no price is of another year"),
        ),
        (
            "Officer-hours of one event",
            ", ".join(f"{name.replace('_', ' ')}: {hours:g}" for name, hours in taken.items() if hours)
            or "none counted",
            "stated by the study",
        ),
        (
            "Officer posts given up",
            _of_posts(posts) if isinstance(posts, Posts) else "none counted",
            "stated by the study",
        ),
        (
            "Model",
            "none beyond sums and ratios: averted events by the designs of this page, times prices",
            "this package",
        ),
    ]
    frame = pd.DataFrame(rows, columns=["what", "is", "why"])
    columns = (Column("what", "What"), Column("is", "Taken as"), Column("why", "Why, or where from"))
    return Table(title="What the costs rest on", frame=frame, columns=columns, support=of_nobody)


def _of_posts(posts: Posts) -> str:
    ends = "" if posts.spread == 0 else f" (95 %: {100 * posts.ends[0]:.0f} % to {100 * posts.ends[1]:.0f} %)"
    return (
        f"{posts.posts:g} of {posts.hours:,g} hours a year, filled {100 * posts.filled:.0f} %{ends} of the "
        f"time: {posts.forgone:,.0f} officer-hours a year forgone"
    )
