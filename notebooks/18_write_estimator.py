# %% [markdown]
# # How do I add a method of my own, and how do I know that it keeps its promise?
#
# | Question | Does a new estimator keep the contract, and does its interval hold the truth as often as it says? |
# | --- | --- |
# | Design | One city in time |
# | Estimand | Mean of the outcome from the start on, less its mean in the same calendar months before |
# | Data | Series drawn here with the seed below, and the example data of `cc.testing`; free to use |
# | Seed | 8 |
# | Budget | 30 s |
#
# Methods appear faster than anybody can ship them. Here you write one, in a file of its own, let the package hold it
# against the contract that all shipped methods keep, and measure how often its interval is right. Afterwards you can add
# a method without changing a line of the package.

# %% tags=["parameters"]
FAST = False
seed = 8
series_drawn = 200 if FAST else 600

# %%
import importlib
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from IPython.display import Markdown, display

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# We need series whose true change we know. Each has a level, a season, a change by three calls from the start on, and
# noise. The noise of a month may linger: `memory` says how much of it is still there a month later.

# %%
months = pd.period_range("2017-01", periods=72, freq="M").astype(str)
rng = np.random.default_rng(seed)
change = 3

def drawn(memory):
    noise = rng.normal(size=len(months))
    for month in range(1, len(months)):
        noise[month] = memory * noise[month - 1] + np.sqrt(1 - memory**2) * noise[month]
    return noise

# %% [markdown]
# ## Design
#
# A method takes a design, not a table. All that can be wrong with a table was refused before your method sees it. You can
# rely on one row per month, in order, with numbers in it.

# %%
def designed(memory):
    season = 2 * np.sin(2 * np.pi * np.arange(len(months)) / 12)
    calls = 50 + season + change * (months >= "2020-07") + drawn(memory)
    frame = pd.DataFrame({"month": months, "calls": calls})
    return cc.design.SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")

example = designed(memory=0)
example.describe()

# %% [markdown]
# ## Estimate
#
# The idea: compare each month after the start with the same calendar month before. That takes out the season without
# a model of it. A method is one file, and the file begins with its **card**: seven headings that say what it is, when it
# breaks, and what a council may be told. A method without a complete card cannot be registered.

# %%
card = '''"""Change of a series' mean in the same calendar months, by least squares.

Estimand: the mean from the start on less the mean in the same calendar months before, in one city.

Needs: a series without trend whose seasons stay the same (check: pre_period, placebo_dates).

Estimator: the coefficient of D_t in y_t = season of t + b D_t, a level for each calendar month, by least squares.

Inference: t(n − k) with Newey–West standard errors.

Breaks: with a trend, or noise that lingers; take its_segmented.

Reference: Newey & West 1987, doi:10.2307/1913610.

Say: In {city}, {outcome} was {same_months} higher than in the same months before the start ({interval}).
"""
'''

# %% [markdown]
# Then come its imports. The kernels of the package do the numerical work; yours adds the idea.

# %%
imports = '''
import numpy as np
import pandas as pd

from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import newey_west
from coresponder_causal.core.serial import ols
from coresponder_causal.design import SeriesDesign
'''

# %% [markdown]
# The function itself: the design first, options by keyword only. `@estimator` checks the design, gathers the notes, stamps
# where the numbers came from, and registers the card.

# %%
function = '''
@estimator(design=SeriesDesign, contrasts=("change",), reference="Newey & West 1987", checked_against="statsmodels")
def its_same_months(d: SeriesDesign, *, lags: int = 3) -> Result:
    """Difference of means in the same calendar months."""
    y = d.outcome_values()
    seasons = np.eye(12)[np.asarray(d.positions, int) % 12]
    matrix = np.column_stack([seasons[:, np.any(seasons, axis=0)], d.dose])
    fit = ols(y, matrix)
    variance = newey_west(matrix, fit.residuals, lags=lags, small_sample="n/(n-k)")
'''

# %% [markdown]
# The answer is a `Result`. It says what was estimated, of whom, on how many events, with which interval.

# %%
answer = '''
    about = Estimand(contrast="change", outcome=str(d.outcome), treatment=d.treatment, population=d.city,
                     horizon=f"{d.n_after} {d.period_name} from {d.start}", scale="units of the outcome")
    support = pd.DataFrame({"term": ["same_months"], "persons": np.nan, "events": y[d.after].sum(), "units": 1})
    facts = Facts({"city": d.city, "start": d.start, "interval": "t(n − k), Newey–West"})
    return Result(method="its_same_months", estimand=about, terms=pd.DataFrame({"term": ["same_months"]}),
                  estimate=fit.beta[-1:], vcov=variance[-1:, -1:], df=np.array([fit.df]), scale="difference",
                  support=support, n_obs=len(y), n_units=1, extra=facts)
'''

# %% [markdown]
# We write the file into a folder that disappears with this notebook, and import it as any other module. Importing it is
# what registers the method.

# %%
folder = tempfile.TemporaryDirectory()
sys.path.insert(0, folder.name)

def written(name, text):
    (Path(folder.name) / f"{name}.py").write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    return getattr(importlib.import_module(name), name)

text = card + imports + function + answer
its_same_months = written("its_same_months", text)

# %% [markdown]
# It runs, and what it gives already has tables, sentences and pictures, since those only know results.

# %%
result = its_same_months(example)
result

# %% [markdown]
# ## Check
#
# `cc.testing.check_method` holds any function under `@estimator` against the contract: does it leave its input alone,
# give the same answer twice and in threads, not care about the order of rows, carry the unit of the outcome, survive JSON,
# refuse what it cannot take, and more. It runs your method on example data for its design. A broken rule is an error;
# with `strict=False` the table says it instead.

# %%
checked = cc.testing.check_method(its_same_months, strict=False)
checked.table[["rule", "keeps"]]

# %% [markdown]
# Now we break it on purpose, in three ways that happen to everybody: a draw without a seed, a constant that forgot its
# unit, and a `print` left over from debugging. The table names each rule that breaks, and how.

# %%
wrong = text.replace("its_same_months", "its_hasty").replace(
    "estimate=fit.beta[-1:]", "estimate=fit.beta[-1:] + 1 + np.random.default_rng().normal(size=1) / 100"
).replace("    fit = ols", "    print('fitting')\n    fit = ols")
its_hasty = written("its_hasty", wrong)
hasty = cc.testing.check_method(its_hasty, strict=False).table
dict(hasty.loc[~hasty["keeps"], ["rule", "found"]].itertuples(index=False))

# %% [markdown]
# A contract says that a method is well built, not that it is right. Two more things do. The first is an outside program:
# statsmodels gives the same coefficient and the same standard error.

# %%
seasons = pd.get_dummies(pd.PeriodIndex(months, freq="M").month).astype(float)
matrix = np.column_stack([seasons, months >= "2020-07"])
frame = sm.OLS(example.outcome_values(), matrix.astype(float))
outside = frame.fit(cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": True})
outside.params[-1], outside.bse[-1]

# %% [markdown]
# The second is the promise of the interval. We draw many series, once with noise that is new in each month and once with
# noise that lingers, and count.

# %%
def holds(memory):
    low, high = its_same_months(designed(memory)).conf_int().loc["same_months"]
    return low < change < high

held = {memory: np.mean([holds(memory) for _ in range(series_drawn)]) for memory in (0, 0.8)}
fresh, lingering = held.values()
off = 2 * np.sqrt(0.95 * 0.05 / series_drawn)

# %%
display(Markdown(
    f"In {series_drawn} series with fresh noise the 95 % interval held the true change {100 * fresh:.1f} % of the time; "
    f"with lingering noise {100 * lingering:.1f} %. Chance alone moves such a count by about {100 * off:.1f} points."
))

# %% [markdown]
# So the method keeps its promise where months are independent, and breaks it badly where they are not. The card said so
# under "Breaks"; the count says by how much. Real series of calls linger. This is why every shipped method carries a table
# of measured coverage, and why a method without one says "not yet measured" on every result.

# %% tags=["check"]
assert checked.passed, "the method breaks the contract"
assert "domain: not yet measured" in result.notes, "an unmeasured method does not say so"
assert abs(result.estimate[0] - outside.params[-1]) < 1e-8, "statsmodels has another coefficient"
assert abs(result.bse.iloc[0] - outside.bse[-1]) < 1e-8, "statsmodels has another standard error"
assert abs(fresh - 0.95) < 2 * off + 0.02, f"with fresh noise the interval held the truth in {fresh:.1%}"
assert lingering < fresh - 4 * off, "lingering noise was supposed to break the promise"

# %% tags=["check"]
broken = set(hasty.loc[~hasty["keeps"], "rule"])
assert {"repeats", "unit of the outcome", "one public function"} <= broken, f"only {broken} were found"
try:
    cc.testing.check_method(its_hasty)
except Exception as error:
    refusal = str(error)
else:
    refusal = ""
assert "its_hasty breaks" in refusal, "a broken method was not refused"
assert "its_same_months" in cc.METHODS, "the method is not registered under its name"

# %% [markdown]
# ## Report
#
# The method is now one of the methods. Its card can be read, its results stand beside those of others, and a sentence can
# be made of them.

# %%
cc.report.table(result, cc.estimate.its_segmented(example), terms="headline")

# %%
display(Markdown(cc.METHODS["its_same_months"].to_markdown().replace("## ", "#### ")))

# %% [markdown]
# **How it reaches others.** Keep the file in a package of your own and name it in that package's entry points, group
# `coresponder_causal.methods`. Wherever the package is installed the method is then found by its name. To have it shipped
# here, follow `CONTRIBUTING.md`: reference numbers of an outside program, and rows of measured coverage.
#
# ## Exercises
#
# Raise `lags` and measure again: how much of the promise comes back, and what does it cost in width? Then give the method
# an option `trend`, and find the rule that reminds you to list its choices.

# %%
folder.cleanup()
packages = ("coresponder_causal", "numpy", "pandas", "statsmodels")
{name: version(name) for name in packages}
