"""Options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

Force = Annotated[bool, typer.Option("--force", help="Write into a folder that holds files.")]
