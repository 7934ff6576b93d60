"""The command `graph`: what follows from a causal graph, in words and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coresponder_causal.cli_screen import one_screen, show

Name = Annotated[str | None, typer.Argument(help="A shipped graph, or a YAML file; by default that of a call.")]
OfStudy = Annotated[Path | None, typer.Option("--study", help="STUDY.toml: the graph that it states.")]
Out = Annotated[Path | None, typer.Option(help="File for the picture that ends in .pdf, .svg or .png.")]
Treatment = Annotated[str | None, typer.Option(help="Node or column; by default that of every effect asked for.")]
Outcome = Annotated[str | None, typer.Option(help="Node or column; by default that of every effect asked for.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def graph(
    name: Name = None,
    study: OfStudy = None,
    treatment: Treatment = None,
    outcome: Outcome = None,
    out: Out = None,
    force: Force = False,
) -> None:
    """Say what must be adjusted for, which unmeasured causes stand in the way, and draw the graph."""
    with one_screen():
        from coresponder_causal import plan, report

        found = plan.graph_asked(name, study)
        said = plan.effects_in_words(found, treatment, outcome)
        written = None
        if out is not None:
            plan.refuse_present(out, force=force)
            written = report.write(plan.picture_of(found, treatment, outcome), out)
    show([f"{found.title} ({found.name})", *said, *([] if written is None else [written])])
