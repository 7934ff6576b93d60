"""Whether persons who were exposed later were changing already before."""

from __future__ import annotations

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.registry import run_method
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, judged, not_applicable
from coresponder_causal.design.waves import WaveDesign

name = "wave_leads"
assumption = "Persons who were exposed later changed like the others before."


def wave_leads(result: Result, design: WaveDesign) -> CheckResult:
    """Put the exposure of the next wave in the place of that of a wave, among those who were not yet exposed.

    Parameters
    ----------
    result : Result
        Of `wave_change` or `officer_ordinal`; for `wave_bounds` the change itself is looked at.
    design : WaveDesign
        The design it was made from.

    Returns
    -------
    CheckResult
        Contradicts where the change before exposure differs at 5 %. Its power is that of seeing one as large as the
        estimate. With two waves, or where everybody's exposure began after the first, it does not apply.

    References
    ----------
    Granger (1969), doi:10.2307/1912791; Roth (2022), doi:10.1257/aeri.20210236, on the power of such tests.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from coresponder_causal.estimate import wave_change
    >>> rng, person, wave = np.random.default_rng(1), np.repeat(np.arange(60), 3), np.tile([0, 1, 2], 60)
    >>> later = person < 30
    >>> frame = pd.DataFrame({"p": person, "wave": wave, "rode": (later & (wave == 2)).astype(float)})
    >>> frame["y"] = rng.normal(size=60)[person] + rng.normal(0, 0.3, 180) - 1.0 * later * wave
    >>> d = WaveDesign.from_frame(frame, outcome="y", person="p", wave="wave", exposure="rode")
    >>> wave_leads(wave_change(d), d).verdict
    'contradicts'
    """
    method = "officer_ordinal" if result.method == "officer_ordinal" else "wave_change"
    try:
        with quietly(), collecting():
            found = run_method(method, _before(design), {})
    except (DesignError, EstimationError) as error:
        return not_applicable(name, assumption, f"Nothing before exposure can be fitted: {error.what.splitlines()[0]}.")
    tidy = found.tidy().head(1)
    row = tidy.iloc[0]
    able = float(power_of(float(result.estimate[0]), float(row["std_error"]), float(found.df[0])))
    sentence = (
        f"On the wave before their exposure began those exposed later had moved by "
        f"{as_change(float(row['estimate']), found.scale)} per unit of what was to come (p = {row['p_value']:.3f}); a "
        f"move as large as the estimate would be seen with probability {able:.2f}."
    )
    verdict = judged(rejects=bool(row["p_value"] < 0.05), power=able)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=verdict,
        power=able,
        table=tidy,
        sentence=sentence,
        support=found.support,
    )


def _before(d: WaveDesign) -> WaveDesign:
    """Waves on which a person was not yet exposed, each with the exposure of the next."""
    coming = d.source.groupby(d.person)[d.exposure].shift(-1)
    kept = d.source.assign(**{d.exposure: coming})[(d.exposures() == 0) & coming.notna().to_numpy()]
    return WaveDesign.from_frame(kept, outcome=d.outcome, person=d.person, wave=d.wave, exposure=d.exposure)
