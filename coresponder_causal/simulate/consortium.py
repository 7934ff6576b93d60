"""A consortium of cities too large to hold at once: one world, its calls written city by city."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from pathlib import Path

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.worlds import World, world

_BATCH = 10  # cities that one task writes


def consortium(*, seed: int, cities: int = 200, monthly_calls: float = 200.0, effect: float = log(0.70)) -> World:
    """Draw a world of many cities, half of which start programmes of their own on four dates.

    Parameters
    ----------
    seed : int
    cities : int
        Number of cities, the treated one included.
    monthly_calls : float
        Expected calls of the treated city in an average month; those of the others follow from their populations.
    effect : float
        Log ratio of a city's calls through its programme, one year after its start.

    Returns
    -------
    World
        Its ``.tables["programmes"]`` holds the dates, ``.truth.city_effects`` what each programme did, month by month.

    Examples
    --------
    >>> study = consortium(seed=1)
    >>> len(study.tables["cities"]), bool(study.panel_counts["calls"].sum() > 4_000_000)
    (200, True)
    """
    sizes = WorldConfig(
        n_comparison=cities - 1,
        monthly_calls=monthly_calls,
        adopters=cities // 2,
        adopter_effect=effect,
        adoption_waves=4,
    )
    return world(seed=seed, config=sizes)


def write_consortium(study: World, folder: str | Path) -> Path:
    """Write the calls of a world as one Parquet file per city, with its cities, programmes and true effects.

    Parameters
    ----------
    study : World
        As `consortium` draws it.
    folder : path
        A new or empty folder.

    Returns
    -------
    Path
        Folder of the calls, as `data.panel_of_files` takes it. Beside it lie ``cities.parquet``,
        ``programmes.parquet`` and ``city_effects.parquet``, the truth.

    Raises
    ------
    DesignError
        The folder holds files: take another.

    Notes
    -----
    Cities are written by joblib's workers, as many and where `joblib.parallel_config` says, on one processor by
    default. A worker holds the calls of one city at a time, and no file depends on how many there are.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as empty:
    ...     calls = write_consortium(consortium(seed=1, cities=3, monthly_calls=5), empty)
    ...     sorted(path.name for path in calls.iterdir())
    ['city_001.parquet', 'city_002.parquet', 'city_003.parquet']
    """
    from joblib import Parallel, delayed

    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise DesignError(f"{target} holds files", mend="take a new folder")
    calls = target / "calls"
    calls.mkdir(parents=True)
    for name, table in {
        "cities": study.tables["cities"],
        "programmes": study.tables["programmes"],
        "city_effects": study.truth.city_effects.astype({"month": "str"}),
    }.items():
        table.to_parquet(target / f"{name}.parquet", index=False)
    places = range(study.config.n_comparison + 1)
    batches = [places[first : first + _BATCH] for first in range(0, len(places), _BATCH)]
    fresh = World(study.config, study.seed)  # without what has been drawn already: that is quicker drawn than sent
    Parallel()(delayed(_write_cities)(fresh, batch, calls) for batch in batches)
    return calls


def _write_cities(study: World, places: Sequence[int], folder: Path) -> None:
    """Write the calls of some cities."""
    for place in places:
        study.calls_of(place).to_parquet(folder / f"city_{place + 1:03d}.parquet", index=False)
