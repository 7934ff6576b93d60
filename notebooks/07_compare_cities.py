# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Did the city change more than cities without a programme?
#
# | | |
# | --- | --- |
# | Question | Did calls in the city change from July 2020 on more than they did elsewhere? |
# | Design | One treated city and comparison cities chosen before outcomes were seen, 72 months (difference-in-differences) |
# | Estimand | Mean log ratio of calls in the treated city over the months after the start, against no programme (ATT) |
# | Data | Simulated cities, preset `contaminated_donor` (three comparison cities start programmes of their own); no rights needed |
# | Seed | 3 (the cities), 1 and up (the repetitions) |
# | Budget | 60 s |
#
# One city's own past cannot tell the programme from the pandemic. Other cities had the pandemic too. This notebook shows
# whom to compare with, how wide an interval must be when one city alone was treated, and what a synthetic control and a
# test of earlier trends can and cannot add.

# %% tags=["parameters"]
FAST = False
seed = 3
repetitions = 20 if FAST else 150
magnitudes = (1.0,) if FAST else (0.5, 1.0, 2.0)

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from scipy import optimize, stats

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# Eleven cities, month by month. Every city has its own season, its own share of the pandemic, and a step of its own on
# the day of the start that has nothing to do with any programme. These steps are the heart of the matter: cities drift
# apart without reason, and one treated city cannot tell its own step from the effect.

# %%
world = cc.simulate.world("contaminated_donor", seed=seed)
truth = world.truth.city_log_ratio
world.tables["cities"][["city", "population", "region"]].head(4)

# %% [markdown]
# The register of programmes says who had one, and since when. It is the most useful table that a study of cities can
# have, and it takes some telephone calls to fill.

# %%
registered = world.tables["programmes"]
registered[["city", "programme", "start_earliest", "certainty"]]

# %% [markdown]
# ## Design
#
# Whom to compare with is settled by rules that read no outcome: cities between half and five times the size, no
# programme of their own, no change of recording. The pool is frozen; its fingerprint goes into every result.

# %%
ours = {"treated": "West Sacramento", "start": "2020-07-15"}
span = ("2017-01-01", "2022-12-31")
pool = cc.design.donor_pool(world.tables["cities"], registered, window=span, **ours)
cc.report.donor_table(pool)

# %% [markdown]
# The design of all cities, and the design that the pool admits.

# %%
columns = {"outcome": "calls", "unit": "city", "time": "month", "exposure": "population"}
everybody = cc.design.PanelDesign.from_frame(world.panel_counts, **columns, **ours)
design = pool.apply(everybody)
design.describe()

# %% [markdown]
# ## Estimate
#
# Each city's log rate is set against the mean of the comparison cities. The treated city's change is then the estimate.
# Its interval is a *prediction* interval: how far would one more city have come to lie, had nothing been done there? It
# adds the spread of steps between cities, tau, to the noise of the treated city's own months.

# %%
result = cc.estimate.did_prediction_interval(design)
result.tidy(scale="ratio")

# %%
cc.report.figure(result)

# %% [markdown]
# The grey range is where a city without a programme is expected. What the numbers rest on:

# %%
display(Markdown(
    f"Steps of {result.extra['m']} comparison cities differ with a deviation of {result.extra['tau']:.3f} on the log "
    f"scale. The finding would be gone if they differed by {result.extra['tau_star']:.3f}. The smallest change that this "
    f"design finds four times in five is {100 * np.expm1(-result.extra['mde80']):.0f} %."
))

# %% [markdown]
# ### By hand
#
# The estimate is a regression of one series, the gap to the mean of the other cities, with errors that last. We do it
# again with arrays, given the persistence that was estimated.

# %%
wide = np.log(design.wide("calls") / design.wide("population"))
others = [name for name in wide if name != "West Sacramento"]
gap = (wide["West Sacramento"] - wide[others].mean(axis=1)).to_numpy()
months = np.arange(72) - 42
dose = np.where(months < 0, 0, 1.0)
dose[42] = 17 / 31
waves = [wave(2 * np.pi * k * months / 12) for k in (1, 2) for wave in (np.sin, np.cos)]
X = np.column_stack([np.ones(72), dose, *waves])

# %%
rho, phi = result.extra["rho"], result.extra["phi"]
V = phi * rho ** np.abs(months[:, None] - months) + (1 - phi) * np.eye(72)
bread = np.linalg.inv(X.T @ np.linalg.solve(V, X))
beta = bread @ X.T @ np.linalg.solve(V, gap)
left = gap - X @ beta
own_variance = left @ np.linalg.solve(V, left) / (72 - X.shape[1]) * bread[1, 1]
spread = result.extra["tau"] ** 2 * (1 + 1 / len(others))
error_by_hand = np.sqrt(own_variance + spread)

# %% [markdown]
# ### The wrong way: clustered standard errors with one treated city
#
# The usual regression with city and month effects and errors clustered by city gives nearly the same estimate. But one
# treated city has no second one to vary against, and its standard error comes from the comparison cities alone. The
# package refuses it; asked for expressly, it says how often such a test errs.

# %%
try:
    cc.estimate.did_two_way(design, log=True)
except cc.core.errors.EstimationError as refused:
    said = str(refused)
display(Markdown(said.replace("\n", "<br>")))

# %%
clustered = cc.estimate.did_two_way(design, log=True, inference="cluster")
both = pd.concat({"prediction": result.tidy(), "clustered": clustered.tidy()})
both[["estimate", "std_error", "conf_low", "conf_high"]]

# %% [markdown]
# ### A synthetic control
#
# Instead of the plain mean of the other cities, a weighted one that came closest to the city before the start. Weights
# are chosen on the months before; the months after are judged by giving every comparison city the programme in turn.

# %%
synthetic = cc.estimate.synth_control(design)
cc.report.figure(synthetic, kind="donors")

# %%
display(Markdown(
    f"{synthetic.extra['effective_donors']:.1f} cities stand behind the synthetic one in effect. It reproduces "
    f"{100 * synthetic.extra['pre_r_squared']:.0f} % of the city's variance before the start, and the package says what "
    f"that is worth: *{[note for note in synthetic.notes if 'reproduce' in note][0]}*. A synthetic control is evidence "
    f"where it fits; where months are noisy and cities few, the plain mean is as good and simpler."
))

# %% [markdown]
# The weights by hand: least squares over months averaged by threes, with weights that are not negative and add up to one.

# %%
before = wide.iloc[:42].rolling(3, center=True, min_periods=1).mean()
before = before - before.mean()
heavy = 1e4  # a row that makes the weights add up to one
weights, _ = optimize.nnls(
    np.vstack([before[others], heavy * np.ones(len(others))]), np.append(before["West Sacramento"], heavy)
)
off = (wide["West Sacramento"] - wide[others] @ weights).to_numpy()
synthetic_by_hand = (off[42:] - off[:42].mean()) @ dose[42:] / (dose[42:] @ dose[42:])

# %% [markdown]
# ## Check
#
# ### Placebo cities
#
# Each comparison city is given the programme in turn. The treated city should stand out among them. With seven others the
# rank test cannot go below one in eight, however large the effect: its rank is a picture, not a proof.

# %%
placebo = cc.check.placebo_cities(result, design)
display(Markdown(f"**{placebo.verdict}** {placebo.sentence}"))
placebo.table[["city", "estimate", "statistic"]].sort_values("statistic").head(4)

# %% [markdown]
# ### Does one comparison city decide?

# %%
left_out = cc.check.leave_one_out(result, design)
display(Markdown(f"**{left_out.verdict}** {left_out.sentence}"))

# %% [markdown]
# ### Honest about earlier trends
#
# An event study shows the gap half-year by half-year, against the half-year before the start. It is tempting to look at
# the early ones, see nothing, and call the courses parallel. With one city these tests see only large drifts. The honest
# way asks how much the courses may have bent after the start, in units of how much they bent before it, until the
# finding is lost.

# %%
study = cc.estimate.did_event_study(design)
honest = cc.check.honest(study, design, magnitudes=magnitudes)
display(Markdown(f"**{honest.verdict}** {honest.sentence}"))

# %%
display(Markdown(
    f"The joint test of the earlier half-years has p = {study.extra['pre_p_value']:.2f}. It would miss, one time in two, "
    f"a drift that adds {100 * np.expm1(study.extra['drift_50']):.0f} % to the effect. So it is no reason to believe in "
    f"parallel courses, and the interval that allows for bends as large as those before the start is very wide."
))

# %% [markdown]
# ### Which interval holds, and what contaminated comparison cities do
#
# We draw the eleven cities again and again. Each time we estimate with the cities that the register admits, and with all
# of them, three of which started programmes of their own. What each fit doubts was said above and is not said again.

# %%
draws = [cc.simulate.world("contaminated_donor", seed=s) for s in range(1, repetitions + 1)]
adopters = pool.cities("censored")
frames = [w.panel_counts for w in draws]
clean = [cc.design.PanelDesign.from_frame(f[~f["city"].isin(adopters)], **columns, **ours) for f in frames]
mixed = [cc.design.PanelDesign.from_frame(f, **columns, **ours) for f in frames]
truths = np.array([w.truth.city_log_ratio for w in draws])

# %%
with cc.core.notes.quietly():
    rows = {
        "prediction": [cc.estimate.did_prediction_interval(d).tidy() for d in clean],
        "clustered": [cc.estimate.did_two_way(d, log=True, inference="cluster").tidy() for d in clean],
        "clustered, with adopters": [cc.estimate.did_two_way(d, log=True, inference="cluster").tidy() for d in mixed],
    }

# %%
fits = pd.concat({name: pd.concat(made, ignore_index=True) for name, made in rows.items()}, names=["method", "draw"])
fits["truth"] = np.tile(truths, len(rows))
fits["holds"] = fits["conf_low"].le(fits["truth"]) & fits["conf_high"].ge(fits["truth"])
fits["off"] = fits["estimate"] - fits["truth"]
fits.groupby("method")[["holds", "off", "std_error"]].mean()

# %%
held = fits.groupby("method")["holds"].mean()
off_by = fits["off"].unstack("method")
pulled = off_by["clustered, with adopters"] - off_by["clustered"]
display(Markdown(
    f"Of {repetitions} prediction intervals {100 * held['prediction']:.0f} % held the truth, of the clustered ones "
    f"{100 * held['clustered']:.0f} %. Comparison cities with programmes of their own pulled the estimate "
    f"{100 * pulled.mean():.1f} log points towards no effect: they fell too, and hid part of the fall."
))

# %% [markdown]
# ### What must hold

# %% tags=["check"]
row = result.tidy().iloc[0]
assert abs(row["estimate"] - beta[1]) < 1e-8, "the estimate is not that of the gap's regression by hand"
assert abs(row["std_error"] - error_by_hand) < 1e-8, "the standard error is not own noise and spread by hand"
reach = stats.t.ppf(0.975, result.df[0]) * error_by_hand
assert abs(row["conf_low"] - (beta[1] - reach)) < 1e-8, "the interval is not estimate less t times standard error"
assert row["conf_low"] < truth < row["conf_high"] < 0, "the interval does not hold the truth, or holds zero"
assert abs(synthetic.params["mean_post"] - synthetic_by_hand) < 1e-5, "weights by hand give another estimate"
unit, time = pd.get_dummies(wide.columns).to_numpy(float), np.eye(72)[:, 1:]
y, D = wide.to_numpy(), np.outer(dose, wide.columns == "West Sacramento")
Z = np.column_stack([D.ravel(), np.tile(unit, (72, 1)), np.repeat(time, len(wide.columns), axis=0)])
two_way_by_hand = np.linalg.lstsq(Z, y.ravel(), rcond=None)[0][0]
assert abs(clustered.params["mean_post"] - two_way_by_hand) < 1e-8, "two-way effects by dummies differ"

# %% tags=["check"]
chance = np.sqrt(0.95 * 0.05 / repetitions)
assert held["prediction"] > 0.95 - 3 * chance, "the prediction interval holds too rarely"
assert held["clustered"] < 0.95 - 3 * chance, "the clustered interval did not fail, though the text says so"
assert abs(off_by["prediction"].mean()) < 4 * off_by["prediction"].std() / np.sqrt(repetitions), "estimates are biased"
assert pulled.mean() > 4 * pulled.std() / np.sqrt(repetitions), "adopters among the comparison cities change nothing"
assert set(adopters) == set(registered["city"]) - {"West Sacramento"}, "the pool keeps a city that had a programme"
assert "mend" in said and "treated" in said, "clustering by one treated city was not refused with what to do"
assert placebo.table["statistic"].abs().idxmax() == 0, "the treated city does not come first among the placebos"
assert (honest.table.query("restriction == 'magnitudes'")["conf_high"] > 0).all(), "bends as before do not undo it"

# %% [markdown]
# ## Report

# %%
cc.report.sentence(result)

# %% [markdown]
# What must be read beside it:

# %%
display(Markdown("\n".join(f"- {note}" for note in result.notes)))

# %% [markdown]
# Do not use this design when several cities are treated (notebook 08), with fewer than about ten events a month, or when
# you know that the treated city is more volatile than the others: no method survives that, and `kappa_star` among the
# facts of the result says how much more volatile it may be.

# %%
{name: version(name) for name in ("coresponder_causal", "numpy", "pandas", "scipy")}
