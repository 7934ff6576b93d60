"""The table of all benchmarks as a page with a picture: ``python -m coresponder_causal.bench.page``, at a checkout.

It reads tests/benchmarks/speed.csv and writes docs/speed.md and docs/speed_growth.svg.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.bench.case import Case, limit, ours
from coresponder_causal.bench.cases import cases
from coresponder_causal.bench.targets import judged, targets
from coresponder_causal.core.files import write_whole

table_name, page_name, picture_name = "speed.csv", "speed.md", "speed_growth.svg"
checkout = Path(__file__).parents[2]
verdicts = {True: "met", False: "not met", None: "open"}
reasons = checkout / "tests" / "benchmarks" / "reasons.md"


def growth_table(table: pd.DataFrame) -> pd.DataFrame:
    """Lines of the picture: ``panel, line, size, cpu_seconds``, of what was measured.

    Parameters
    ----------
    table : DataFrame
        As `coresponder_causal.bench.table.bench` gives it.
    """
    kernels = (table["role"] == "kernel") & (table["program"] != ours)
    rows = table[table["cpu_seconds"].notna() & ~kernels]
    own = rows["program"] == ours
    line = rows["program"].where(~own, "ours, " + rows["role"].where(rows["role"] != "call", "whole call"))
    panel = rows["case"].map({name: case.title for name, case in cases.items()})
    counted = rows["case"].map({name: case.counted for name, case in cases.items()})
    return pd.DataFrame({"panel": panel, "counted": counted, "line": line.replace({limit: "physical limit"})}).assign(
        size=rows["size"], cpu_seconds=rows["cpu_seconds"]
    )


def speed_page(table: pd.DataFrame) -> str:
    """Write the table as a page.

    Parameters
    ----------
    table : DataFrame
        As `coresponder_causal.bench.table.bench` gives it.

    Returns
    -------
    str
        Markdown.
    """
    machines = ". ".join(dict.fromkeys(table["machine"]))
    aims = [
        f"| {cases[target.case].title} | {met.aimed} | {met.found} | {verdicts[met.met]} |"
        for target in targets
        for met in [judged(target, table)]
    ]
    lines = [
        "# How fast, beside other programs",
        "",
        "Each program answers the same question of the same simulated data, in a process of its own with one "
        "thread. A time is written only where the answer agrees with ours. Seconds are those of the processor, "
        "the least of up to three calls after a small one that compiles what is compiled. Memory is the most that "
        "the process held, less what it held after that small call; the data are in it. *Whole call* is what a "
        "user writes, with checks, notes and fingerprint of the data; *kernel* is its arithmetic on arrays. "
        "The aims hold our kernels against whole calls of other programs, which favours ours by what those calls "
        "check; *times ours* in the tables is call against call, and kernel against kernel. The "
        "*physical limit* reads the numbers once, sorts one column and makes one product of matrices. Seconds "
        "differ between machines and with what else runs on them; ratios of the same table do so less.",
        "",
        f"Machine: {machines}.",
        "",
        f"![Seconds against size on logarithmic axes, a panel a question.]({picture_name})",
        "",
        "## What was aimed at",
        "",
        "| Question | Aim | Found | |",
        "| --- | --- | --- | --- |",
        *aims,
        "",
        *([reasons.read_text(encoding="utf-8").strip(), ""] if reasons.exists() else []),
    ]
    for name, rows in table.groupby("case", sort=False):
        lines += _section(cases[str(name)], rows)
    return "\n".join(lines) + (
        "\nWritten by `python -m coresponder_causal.bench.page` from `tests/benchmarks/speed.csv`, which "
        "`coresponder-causal bench` measures.\n"
    )


def _section(case: Case, rows: pd.DataFrame) -> list[str]:
    allowed = ", ".join(f"{what.replace('_', ' ')} {by:g}" for what, by in case.tolerance.items())
    return [
        f"## {case.title}",
        "",
        f"Size: {case.counted}. Largest difference allowed, as a share of the largest number: {allowed} ({case.why}).",
        "",
        "| Size | Program | Call | Difference | CPU seconds | Times ours | MB |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: |",
        *(_row(row) for _, row in rows.iterrows()),
        "",
    ]


def _row(row: pd.Series) -> str:
    what = f"{row['program']} {'' if pd.isna(row['version']) else row['version']}".strip()
    call = f"`{row['call']}`".replace("|", "\\|") + (" (kernel)" if row["role"] == "kernel" else "")
    if pd.isna(row["cpu_seconds"]):
        return f"| {row['size']:,} | {what} | {call} | | {row['outcome']} | | |"
    differing = "" if pd.isna(row["difference"]) else f"{row['difference']:.1g}"
    times = "" if pd.isna(row["times_ours"]) else f"{row['times_ours']:.3g}"
    held = "" if pd.isna(row["peak_mb"]) else f"{row['peak_mb']:,.0f}"
    return f"| {row['size']:,} | {what} | {call} | {differing} | {row['cpu_seconds']:.3g} | {times} | {held} |"


def write_page(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Write the page and its picture into a folder.

    Parameters
    ----------
    table : DataFrame
        As `coresponder_causal.bench.table.bench` gives it.
    folder : Path

    Returns
    -------
    list of Path
        The files.
    """
    picture = report.growth_picture(growth_table(table))
    report.write(picture, folder / picture_name)
    page = write_whole(folder / page_name, speed_page(table).encode())
    return [page, folder / picture_name]


if __name__ == "__main__":  # pragma: no cover
    write_page(pd.read_csv(checkout / "tests" / "benchmarks" / table_name), checkout / "docs")
