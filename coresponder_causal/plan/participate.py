"""Taking part in a study of several cities: check the tables, make the release, put releases together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.errors import DataError, DesignError, Problems
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.data.comparability import definitions_of
from coresponder_causal.decide.federated import Federated, pool_releases
from coresponder_causal.design import CallDesign
from coresponder_causal.plan.consortium import Consortium, read_consortium
from coresponder_causal.plan.designs import Design
from coresponder_causal.plan.reading import read_tables
from coresponder_causal.plan.run import Say, refuse_filled, run
from coresponder_causal.plan.study import Study, read_study
from coresponder_causal.privacy import Counts, Ledger, Policy, inside
from coresponder_causal.privacy.city_choice import city_release
from coresponder_causal.privacy.city_release import CityRelease, read_release, write_release


def make_release(
    study: Path,
    out: Path,
    *,
    consortium: Consortium | None = None,
    ledger: Path | None = None,
    force: bool = False,
    say: Say = lambda _: None,
) -> CityRelease:
    """Run a city's study where its rows are, and write what may travel.

    Parameters
    ----------
    study : Path
        Its STUDY.toml; the table "metric_systems" among its tables says what outcomes mean.
    out : Path
        The file, replaced only with ``force``.
    consortium : Consortium, optional
        Only what it asks for is released.
    ledger : Path, optional
        Where releases are recorded; by default the study's.
    force : bool
    say : callable

    Returns
    -------
    CityRelease
        As it was written.

    Raises
    ------
    DataError, DesignError, EstimationError
        What is wrong with the study, its tables or its plan, or a file that is there.
    DisclosureError
        Nothing may leave.
    """
    if out.exists() and not force:
        raise DataError(f"{out} is there", mend="name another file, or replace it with --force")
    stated = read_study(study)
    made = _released(stated, consortium, Ledger(ledger) if ledger is not None else stated.ledger, out.name, say)
    return read_release(write_release(made, out))


def _released(stated: Study, consortium: Consortium | None, ledger: Ledger | None, name: str, say: Say) -> CityRelease:
    """Run a study and choose what of it may travel."""
    asked = _narrowed(stated, consortium)
    say(f"Reading and validating the tables of {asked.city}")
    tables, quality = read_tables(asked)
    with quietly():
        found = run(asked, tables, quality, say=say)
    pairs = list(zip(found.results, found.designs, strict=True))
    if consortium is not None:
        pairs = [pair for pair in pairs if pair[0].estimand.outcome in consortium.outcomes]
    systems = tables.get("metric_systems")
    if systems is None and consortium is not None:
        systems = consortium.table("systems")
    return city_release(
        str(asked.city),
        [result for result, _ in pairs],
        [counts_behind(result, design) for result, design in pairs],
        definitions=None if systems is None else definitions_of(systems, str(asked.city)),
        simulated=asked.simulated,
        ledger=ledger,
        name=name,
    )


def _narrowed(stated: Study, consortium: Consortium | None) -> Study:
    """Leave of a study what is asked of every city."""
    problems = Problems("the study for a release")
    if not stated.designs or stated.city is None:
        problems.add("no design is run", mend="state [designs], [treated] and [outcomes]")
    if consortium is None:
        problems.raise_if_any(DataError)
        return stated
    if missing := [name for name in consortium.designs if name not in stated.designs]:
        problems.add(f"the consortium asks for {', '.join(missing)}", mend="add it to run= in [designs]")
    if strange := consortium.strange(stated.city):
        problems.add(strange[0], mend=strange[1])
    counted = {outcome for name in consortium.designs for outcome, _ in stated.asked(name)}
    if absent := [name for name in consortium.outcomes if name not in counted]:
        problems.add(f"the outcomes {', '.join(absent)} are not asked for", mend="add them to outcomes= of the design")
    problems.raise_if_any(DataError)
    return replace(stated, designs=tuple(consortium.designs), workforce=None)


def counts_behind(result: Result, design: Design) -> list[Counts]:
    """Give the counts from which an effect is made, both sides of its comparison among them; none where not known.

    Parameters
    ----------
    result : Result
    design : Design

    Returns
    -------
    list of Counts
        Of calls: the outcome by arm. Of a city's course: events before and after the start, by the periods they span,
        so that the difference to an earlier release is guarded too.
    """
    family = f"{result.estimand.outcome} by {result.method}"
    if isinstance(design, CallDesign):
        return list(_by_arm(design, family))
    path = result.path
    if path is None or not {"events", "dose", "time"} <= set(path):
        return []
    rows, atoms = [], {}
    for label, inside_ in (("before", path["dose"].eq(0)), ("after", path["dose"].gt(0))):
        times = frozenset(path.loc[inside_, "time"].astype(str))
        atoms[label] = times
        rows.append({"period": label, "count": int(np.nansum(path.loc[inside_, "events"].to_numpy(float)))})
    if not all(atoms.values()):
        return []
    return [Counts(family=family, frame=pd.DataFrame(rows), dimensions=("period",), spans="period", atoms=atoms)]


def _by_arm(design: CallDesign, family: str) -> Iterator[Counts]:
    """Count an outcome of yes and no by arm."""
    known = design.source[[design.treatment, str(design.outcome)]].dropna()
    outcome = known[str(design.outcome)].astype(float)
    if outcome.isin([0.0, 1.0]).all():
        arm = np.where(known[design.treatment].astype(bool), "attended", "other")
        frame = outcome.groupby(arm).agg(["sum", "size"]).rename_axis("arm").reset_index()
        frame = frame.rename(columns={"sum": "count", "size": "calls"}).astype({"count": int, "calls": int})
        yield Counts(family=family, frame=frame, dimensions=("arm",), of="calls")


def pool(
    sources: Sequence[Path],
    out: Path,
    *,
    bridges: pd.DataFrame | None = None,
    take_unknown: bool = False,
    policy: Policy = inside,
    force: bool = False,
    say: Say = lambda _: None,
) -> tuple[Federated, Path]:
    """Put releases together and write the page that compares the cities.

    Parameters
    ----------
    sources : sequence of Path
        Releases; or one CONSORTIUM.toml, which names them, or studies that are run here.
    out : Path
        Folder of the page.
    bridges : DataFrame, optional
        Table "metric_bridges"; that of a consortium is named in its file.
    take_unknown : bool
        Take cities without a registered definition, with a doubt.
    policy : Policy
        For whom the page is.
    force : bool
    say : callable

    Returns
    -------
    Federated
    Path
        The page.

    Raises
    ------
    DataError, DesignError
        What is wrong with a release, the file or a study run here, or too few cities.
    """
    refuse_filled(out, force=force, policy=policy)
    title = None
    if len(sources) == 1 and sources[0].suffix == ".toml":
        agreed = read_consortium(sources[0])
        say("Bringing the cities together")
        releases = [_one(name, place, agreed, say) for name, place in agreed.cities.items()]
        if len(releases) < agreed.least_cities:
            raise DesignError(
                f"{len(releases)} cities of the {agreed.least_cities} agreed on", mend="wait for more releases"
            )
        found = pool_releases(
            releases,
            reference=agreed.reference,
            bridges=agreed.table("bridges"),
            take_unknown=agreed.take_unknown or take_unknown,
        )
        title = agreed.title
    else:
        releases = [read_release(path) for path in sources]
        found = pool_releases(releases, bridges=bridges, take_unknown=take_unknown)
    say("Writing the page")
    return found, report.write(report.comparison_page(found, title=title), out, audience=policy.audience)


def together_words(found: Federated) -> list[str]:
    """Say what the cities say together, a paragraph an outcome.

    Parameters
    ----------
    found : Federated
    """
    return [
        " ".join(sentence.text for sentence in report.together_sentences(one))
        for one in found.questions
        if one.found is not None
    ]


def _one(name: str, place: Path, agreed: Consortium, say: Say) -> CityRelease:
    """Read a city's release, or run its study here."""
    made = read_release(place) if place.suffix == ".json" else _released(read_study(place), agreed, None, name, say)
    if made.city != name:
        raise DataError(f"{place.name} is of '{made.city}', not of '{name}'", mend="agree on the name of the city")
    wanted = [one for one in made.effects if one.outcome in agreed.outcomes]
    return replace(made, effects=tuple(wanted))
