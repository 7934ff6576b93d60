"""The command `simulate`: a named world as a study of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_screen import one_screen, progress, tell

if TYPE_CHECKING:
    from coresponder_causal.simulate.presets import Preset


def simulate_a_world(
    preset: Annotated[str, typer.Argument(help="Name of the world; docs/worlds.md tells what each teaches.")],
    out: Annotated[Path, typer.Option(help="Folder for its tables and the study.")] = Path("simulated"),
    seed: Annotated[int, typer.Option(help="Seed of the world.")] = 1,
    force: Force = False,
) -> None:
    """Write a simulated world: every table of the dictionary, and a study with officers, waves and drawn cases."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        say("Drawing the world and writing its tables")
        written = plan.write_simulated(cast("Preset", preset), out, seed=seed, force=force)
    tell([f"{len(written) - 1} tables and a study, all made up."], [f"coresponder-causal evaluate {written[0]}"])
