"""Commands for the guides: one page for the public, dispatchers or officers, and whether it changed first calls."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_screen import one_screen, progress, show, tell_files

if TYPE_CHECKING:
    from coresponder_causal.data.guides import GuideFor

guide = typer.Typer(no_args_is_help=True, help="One-page guides in the same words, and what they change.")
readers: dict[GuideFor, str] = {
    "public": "everybody who may call",
    "dispatcher": "call-takers and dispatchers",
    "officer": "officers",
}


class Language(StrEnum):
    """Languages of the guides."""

    en = "en"
    es = "es"


InLanguage = Annotated[Language, typer.Option(help="en, or es, which still needs native review.")]
Replace = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def _add_guide(audience: GuideFor, who: str) -> None:
    """Add the command of one guide."""

    @guide.command(audience, help=f"Write the page for {who}.")
    def write_one(
        language: InLanguage = Language.en,
        out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("guides"),
        facts: Annotated[Path | None, typer.Option(help="TOML file of what is so here; see `guide facts`.")] = None,
        given: Annotated[list[str] | None, typer.Option("--set", help="One fact, name=value; repeat.")] = None,
        force: Replace = False,
    ) -> None:
        with one_screen():
            from coresponder_causal import plan

            written = plan.write_guide(
                audience, language.value, out, facts=facts, given=plan.facts_of(given or ()), force=force
            )
        show([written])


for _audience, _who in readers.items():
    _add_guide(_audience, _who)


@guide.command("facts")
def guide_facts(
    path: Annotated[Path, typer.Argument(help="New TOML file.")] = Path("guide_facts.toml"), force: Replace = False
) -> None:
    """Write the file of what only your city knows, to be filled in: numbers, names, hours."""
    with one_screen():
        from coresponder_causal import plan

        written = plan.write_city_facts(path, force=force)
    show([written])


@guide.command("effect")
def guide_effect(
    source: Annotated[Path, typer.Argument(help="Folder of tables with calls, or STUDY.toml.")],
    given: Annotated[str, typer.Option(help="Day on which the guide was handed out, e.g. 2027-02-01.")],
    city: Annotated[str | None, typer.Option(help="City, where the tables hold several.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("guide_effect"),
    audience: Annotated[str | None, typer.Option(help="For whom: internal, partner or public.")] = None,
    agreement: Annotated[str | None, typer.Option(help="Name of the agreement with a partner.")] = None,
    force: Force = False,
) -> None:
    """Say whether first calls are more complete since the guide was handed out."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        say("Reading the tables")
        described = plan.meant_for(plan.city_of(source, city=city), audience, agreement, None)
        say("Comparing months")
        written = plan.write_guide_effect(described, out, given=given, force=force)
    tell_files([f"First calls in {described.name or 'the city'}."], written, simulated=described.simulated)


@guide.command("vignettes")
def guide_vignettes(
    call_takers: Annotated[int, typer.Option(help="How many call-takers answer.")],
    cases: Annotated[int, typer.Option(help="Made-up calls for each, an even number.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the lot.")] = 1,
    language: InLanguage = Language.en,
    out: Annotated[Path, typer.Option(help="Folder for the cases.")] = Path("guide_vignettes"),
    force: Force = False,
) -> None:
    """Draw made-up first calls, half of them with the guide at hand, for call-takers to answer."""
    with one_screen():
        from coresponder_causal import plan

        written = plan.write_vignettes(
            out, call_takers=call_takers, cases=cases, seed=seed, language=language.value, force=force
        )
    show(written)
