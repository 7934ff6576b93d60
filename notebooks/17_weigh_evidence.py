# %% [markdown]
# # What do several designs say together, and how can a reader check it?
#
# | Question | Did the programme lower calls, when two designs answer and one of them is easily fooled? |
# | --- | --- |
# | Design | The city against other cities, and the city against its own past; one rule weighs both |
# | Estimand | Ratio of the city's calls with the programme to those expected without it, 30 months |
# | Data | Simulated city `west_sac_like`, seed 17, and `null`, the same without any effect; free to use |
# | Seed | 17 |
# | Budget | 60 s |
#
# Studies that try many designs can always tell a story with the one that looks best. Afterwards you can lay all
# results in one table, apply a rule that does not look at which one you like, write a report, and pack it so that a
# stranger can compute every number again.

# %% tags=["parameters"]
FAST = False
seed = 17
worlds = 2 if FAST else 6
tables = ("city_panel", "control_series", "programmes")

# %%
import json
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# Monthly counts of twelve cities, one of them with a programme from July 2020 on. In 2020 calls fell everywhere, and not
# in all cities alike. Two series that no team can change, burglaries and traffic collisions, come with them.

# %%
world = cc.simulate.world("west_sac_like", seed=seed)
truth = float(np.exp(world.truth.city_log_ratio))
room = tempfile.TemporaryDirectory()
folder = Path(room.name) / "study"
folder.mkdir()
for name in tables:
    world.tables[name].to_csv(folder / f"{name}.csv", index=False)
display(Markdown(f"{world.tables['city_panel']['city'].nunique()} cities. True ratio in the treated one: "
                 f"**{truth:.2f}**."))  # fmt: skip

# %% [markdown]
# ## Design
#
# A study is a file. It names tables, the city, the day, outcomes and designs. Whoever reads the file knows what was done.

# %%
study_file = folder / "STUDY.toml"
study_file.write_text("""
[study]
title = "A simulated city"
simulated = true
[treated]
city = "West Sacramento"
start = "2020-07-15"
[outcomes]
primary = "calls"
controls = ["burglary", "traffic_collision"]
[designs]
run = ["cities", "series"]
[tables]
""" + "\n".join(f'{name} = "{name}.csv"' for name in tables), encoding="utf-8")  # fmt: skip
study = cc.plan.read_study(study_file)

# %% [markdown]
# ## Estimate
#
# One call reads and validates the tables, forms each design, estimates, and runs the checks of each method.

# %%
with cc.core.notes.quietly():  # doubts stand on the page
    read, quality = cc.plan.read_tables(study)
    evaluation = cc.plan.run(study, read, quality)
by_method = {result.method: result for result in evaluation.results}
cities, series = by_method["did_prediction_interval"], by_method["its_segmented"]
rows = {method: result.tidy().iloc[0] for method, result in by_method.items()}
ratios = pd.DataFrame(rows).T[["estimate", "conf_low", "conf_high"]].astype(float).pipe(np.exp)
ratios

# %%
cc.report.figure(*evaluation.results)

# %% [markdown]
# Two designs, two numbers. The city against its own past takes the fall of 2020, which all cities had, for the
# programme's. The other design allows for it, and says honestly how far cities drift apart without any programme.

# %%
cc.report.figure(cities, kind="forest")

# %% [markdown]
# ### Weighed together
#
# The evidence table puts each result on the same scale, with what it rests on, whether a check contradicts it, and in
# which direction it may be wrong. A verdict "supported" asks for **two designs with different assumptions**, each
# excluding no change on the same side, and neither contradicted.

# %%
found = cc.plan.weighed(evaluation, read)
shown = ["ratio", "ratio_low", "ratio_high", "falsification"]
found.evidence.frame.set_index("title" if "title" in found.evidence.frame else "method")[shown]

# %%
display(Markdown(f"> {cc.report.short_verdicts(found).text}"))
verdict = found.judged[0].verdict
cc.report.trust_table(found.evidence)

# %% [markdown]
# ### How often would the rule cry wolf?
#
# We know worlds without any effect. In each we ask both the rule, and somebody who believes any interval that excludes
# no change.

# %%
def study_of(number):
    null = cc.simulate.world("null", seed=seed + number).tables
    with cc.core.notes.quietly():
        made = cc.plan.run(study, {name: cc.data.validate(null[name], table=name) for name in tables}, quality)
        return made, cc.plan.weighed(made, read).judged[0].verdict


nothing = [study_of(number) for number in range(worlds)]
excluded = [[bool(one.tidy()["conf_high"].iloc[0] < 0) for one in made.results] for made, _ in nothing]
cried = {"the rule": sum(said in ("fewer", "more") for _, said in nothing), "any interval": sum(map(any, excluded))}
display(Markdown(f"Of {worlds} worlds without an effect a fall is claimed in **{cried['any interval']}** by whoever "
                 f"believes any interval, and in **{cried['the rule']}** by the rule."))  # fmt: skip

# %% [markdown]
# ## Check
#
# First the number itself, by a computation of our own. Of each city: how its mean log rate changed. The city less the
# mean of the others is the estimate.

# %% tags=["check"]
row, own = rows["did_prediction_interval"], found.evidence.frame.set_index("method")
