"""The catalogue of metrics as a page; ``python -m coresponder_causal.data.metrics_document`` writes docs/metrics.md."""

from __future__ import annotations

from coresponder_causal.data.folder import folder
from coresponder_causal.data.metrics_catalogue import Metric, Part, metric_catalogue


def catalogue_page() -> str:
    """Write the catalogue as one Markdown page.

    Returns
    -------
    str

    Examples
    --------
    >>> catalogue_page().splitlines()[0]
    '# Metrics'
    """
    head = [
        "# Metrics",
        "",
        "Generated from `data_dictionary/metrics.yaml` by `python -m coresponder_causal.data.metrics_document`; "
        "change that file, not this page.",
        "",
        "Seventeen metrics are core: every programme should report them. Each number is computed by the expression "
        "that stands beside it, over rows of one table; an answer that is not known is counted apart and never as no.",
        "",
        "| Id | Metric | Stage | Core | Better | Burden | Privacy |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = (
        f"| [{metric.id}](#{metric.id.lower()}) | {metric.name} | {metric.stage} | {'yes' if metric.core else ''} | "
        f"{metric.direction} | {metric.burden} | {metric.privacy} |"
        for metric in metric_catalogue().values()
    )
    body = (line for metric in metric_catalogue().values() for line in _entry(metric))
    return "\n".join([*head, *rows, *body]) + "\n"


def _entry(metric: Metric) -> list[str]:
    """Write the part of the page for one metric."""
    used = f" Reported by {', '.join(metric.used_by)}." if metric.used_by else ""
    return [
        "",
        f'<a id="{metric.id.lower()}"></a>',
        f"## {metric.id} {metric.name}",
        "",
        f"{metric.definition} {metric.bias}{used}",
        "",
        f"Numerator: {metric.numerator}. Denominator: {metric.denominator}. Unit: {metric.unit}. "
        f"Source: {metric.source}.",
        "",
        *(f"- {_expression(part)}" for part in metric.parts),
    ]


def _expression(part: Part) -> str:
    """Write one part in a line."""
    said = [f"{part.part}: {part.kind}" if part.part else part.kind]
    said += [f"{word} `{text}`" for word, text in (("counts", part.counts), ("of", part.value)) if text]
    said += [f"among `{part.among}`"] if part.among else []
    said += [f"by `{part.group}`"] if part.group else []
    said += [f"each {part.unit} once, by the first row"] if part.unit == "person" else []
    return f"{', '.join(said)}; rows of `{part.rows}`; of {part.of}"


def main() -> None:
    """Write the page of metrics into the folder of documents of a checkout."""
    (folder().parent / "docs" / "metrics.md").write_text(catalogue_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
