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
worlds = 1 if FAST else 2
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
# Monthly counts of eleven cities, one of them with a programme from July 2020 on. In 2020 calls fell everywhere, and not
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

# %%
study = cc.plan.read_study(study_file)
study.designs, study.start, study.primary

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
# Two designs, two numbers, and both exclude no change. It is tempting to count to two and write "shown". But both start
# from the same months before, and the city's own past takes the fall of 2020, which all cities had, for the
# programme's. The next picture shows how far cities drift apart without any programme.

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
found.evidence.frame.set_index("design")[[*shown, "contradicted_by", "assumption"]]

# %%
display(Markdown(f"> {cc.report.short_verdicts(found).text}"))
cc.report.trust_table(found.evidence)

# %% [markdown]
# ### How often would the rule cry wolf?
#
# We know worlds without any effect. In each we ask both the rule, and somebody who believes any interval that excludes
# no change. Two worlds show how it is done; `docs/decision_rule.md` counts thousands.

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
panel = world.tables["city_panel"]
month = pd.PeriodIndex(panel["month"].astype(str), freq="M")
rate = np.log(panel["calls"] / panel["population"]).to_numpy(float)
turn = 2 * np.pi * month.month.to_numpy() / 12
dose = np.where(month > "2020-07", 1.0, np.where(month == "2020-07", 17 / 31, 0.0))
x = np.column_stack([np.ones(len(panel)), dose, *(f(k * turn) for k in (1, 2) for f in (np.sin, np.cos))])
change = {name: np.linalg.lstsq(x[at], rate[at], rcond=None)[0][1] for name, at in panel.groupby("city").indices.items()}
others = pd.Series(change).drop("West Sacramento")
by_hand = change["West Sacramento"] - others.mean()

# %% [markdown]
# The package weighs months by their memory, and this computation does not. So they agree closely, not to the last
# digit. The interval must be at least as wide as the cities' own spread makes it.

# %% tags=["check"]
row, facts = rows["did_prediction_interval"], cities.extra
assert abs(row["estimate"] - by_hand) < 0.03, "the estimate is not the city's change less that of the others"
spread = facts["tau"] * np.sqrt(1 + 1 / len(others))
assert row["std_error"] >= spread, "the interval is narrower than cities differ without a programme"
assert row["conf_low"] <= np.log(truth) <= row["conf_high"], "the interval misses the true ratio"
table = found.evidence.frame.set_index("method")
told = np.exp(row["estimate"])
assert np.isclose(table.loc["did_prediction_interval", "ratio"], told, rtol=1e-12), "the table tells another ratio"
averted = 1000 * (1 / told - 1) * told
assert np.isclose(table.loc["did_prediction_interval", "itt"], averted, rtol=1e-6), "calls averted of 1,000 are wrong"

# %% [markdown]
# Second: the rule did not count to two, and in the worlds drawn without an effect it claimed nothing. So few cannot say
# how often it errs: `docs/decision_rule.md` does.

# %% tags=["check"]
assert (ratios["conf_high"] < 1).all(), "not both designs exclude no change, against the text"
assert table.loc["its_segmented", "falsification"] == "contradicted", "no check speaks against the city's own past"
assert table.loc["did_prediction_interval", "falsification"] != "contradicted", "a check speaks against other cities"
assert found.judged[0].verdict not in ("fewer", "more"), "the rule counts two designs that are not two"
assert cried["the rule"] == 0, "the rule claims a change where there is none"
assert cried["the rule"] <= cried["any interval"], "the rule claims more than the intervals do"

# %% [markdown]
# **When not to use it.** The rule does not make weak designs strong: twelve designs with the same flaw agree too. And
# "consistent, not established" is not "no effect".
#
# ## Report
#
# ### A page for the public
#
# The page passes the gate that hides small counts, and a ledger keeps what left. Each later release is held against all
# earlier ones. The ledger is a chain: a line that is changed afterwards breaks it.

# %%
ledger = cc.privacy.Ledger(Path(room.name) / "releases.jsonl")
page = cc.plan.with_evidence(cc.plan.evaluation_page(evaluation), found)
written = cc.report.write(page, Path(room.name) / "public", audience="public", ledger=ledger)
text = written.read_text(encoding="utf-8")
head = ledger.verify()
display(Markdown("The page has the sections: " + "; ".join(section.title for section in page.sections) + "."))

# %% [markdown]
# ### A bundle for the reviewer
#
# Nobody has to believe a number. The bundle holds the tables, the study, the page, and one row for each number in it.
# `verify` computes everything again.

# %%
with cc.core.notes.quietly():
    packed = cc.plan.bundle(study_file, Path(room.name) / "bundle")
    honest = cc.plan.verify(packed)
display(Markdown(f"{honest.lines[1]} Differences: **{len(honest.differences)}**."))

# %% [markdown]
# Now somebody raises the estimate by a millionth of itself. It is found, and where it stands.

# %%
forged = shutil.copytree(packed, Path(room.name) / "forged")
results = json.loads((forged / "results.json").read_text(encoding="utf-8"))
results[0]["estimate"]["array"]["values"][0] *= 1 + 1e-6
(forged / "results.json").write_text(json.dumps(results), encoding="utf-8")
with cc.core.notes.quietly():
    caught = cc.plan.verify(forged)
pd.DataFrame({"where": [one.anchor for one in caught.differences]}).head()

# %% [markdown]
# The package has such a ledger of its own: the file `LEDGER.md` in its folder `reproductions` lists published results
# of others that it computes again, and says of each whether it agrees.

# %% tags=["check"]
assert not honest.differences, "a bundle that nobody changed does not verify"
assert caught.differences, "an estimate changed by a millionth is not found"
assert any("results.json" in one.anchor for one in caught.differences), "it is not said where the estimate was changed"
assert cc.report.short_verdicts(found).text.split(":")[-1].strip(" .") in text, "the page does not tell the verdict"
lines = ledger.path.read_text(encoding="utf-8")
assert "index" in lines, "the ledger does not name the page that left"
ledger.path.write_text(lines.replace("index", "annex", 1), encoding="utf-8")
try:
    ledger.verify()
except cc.core.errors.CausalError:
    broken = True
else:
    broken = False
assert broken, "a ledger that was changed afterwards passes"
room.cleanup()

# %%
pd.Series({name: version(name) for name in ("coresponder-causal", "numpy", "pandas")}, name="version")
