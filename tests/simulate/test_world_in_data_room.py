"""The tables of a world pass the data room unchanged, and its panels agree with the world's own counts."""

import pandas as pd
import pytest

from coresponder_causal.data import dictionary
from coresponder_causal.data.metrics import metrics
from coresponder_causal.data.panel import panel
from coresponder_causal.data.validate import findings, validate
from coresponder_causal.simulate import WorldConfig, world

NAMES = [
    "calls", "outcomes", "cities", "city_panel", "programmes", "breaks", "schedule", "control_series",
    "officers", "staff", "rides", "units", "persons", "contacts", "narratives", "interviews", "surveys",
    "officer_waves", "staff_waves",
]  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return world(seed=31, config=WorldConfig(n_comparison=1, monthly_calls=40))


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_valid(study, name):
    table = study.tables[name]
    assert findings(table, table=name).empty
    assert len(validate(table, table=name)) == len(table)


def test_panels_of_the_calls_are_the_counts_of_the_world(study):
    made = panel(study.tables["calls"], unit="city", period="month", cities=study.tables["cities"])
    keys = ["city", "month"]
    for own in (study.panel_counts, study.tables["city_panel"]):
        expected = own.sort_values(keys).reset_index(drop=True)
        found = made.sort_values(keys).reset_index(drop=True)[list(own.columns)]
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_tables_refer_to_each_other(study):
    detailed = study.detailed_calls
    assert findings(detailed, table="calls").empty
    checked = 0
    for name in NAMES:
        for field in dictionary.table(name).fields:
            to, table = field.references, detailed if name == "calls" else study.tables[name]
            if to is not None and to.table in NAMES and field.name in table:
                known = study.tables[to.table][to.field]
                assert set(table[field.name].dropna()) <= set(known), (name, field.name)
                checked += 1
    assert checked > 20


def test_metrics_of_the_full_tier_can_be_counted(study):
    tables = {**{name: study.tables[name] for name in NAMES}, "calls": study.detailed_calls}
    made = metrics(tables)
    found = set(made.metric[made.value.notna()])
    assert {"M10", "M11", "M35", "M38", "M40", "M43", "M44", "M45"} <= found
