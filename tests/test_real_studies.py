"""Two studies of published data, run as a city would: one treated county of seven, and a log of disordered times.

Denver: monthly arrests of seven Colorado counties, 2019 and 2020 (FBI counts, published with a course report at Duke).
Lane County: 4,682 dispatches of a mobile crisis team, 2024 and 2025 (public repository of the CAHOOTS evaluation).
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal.cli import app
from coresponder_causal.core.result import Result

STUDIES = Path(__file__).parent / "studies"
pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")


def evaluated(name: str, data_dir: Path, out: Path) -> tuple[str, str, list[Result]]:
    """Screen, text of the page and results of a study."""
    study, environment = STUDIES / name / "STUDY.toml", {"CORESPONDER_DATA": str(data_dir)}
    done = CliRunner().invoke(app, ["evaluate", str(study), "--out", str(out)], env=environment)
    assert done.exit_code == 0, done.output
    stored = json.loads((out / "results.json").read_text(encoding="utf-8"))
    page = (out / "index.html").read_text(encoding="utf-8")
    return done.output, plain(page), [Result.from_json(json.dumps(entry)) for entry in stored]


def plain(page: str) -> str:
    """The text a reader sees, on one line."""
    body = re.sub(r"<(style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture(scope="module")
def arrests(data_dir) -> pd.DataFrame:
    file = data_dir / "duke_star_arrests" / "aggregated_nonviolent_arrest.csv"
    if not file.is_file():
        pytest.skip("needs CORESPONDER_DATA with duke_star_arrests/aggregated_nonviolent_arrest.csv")
    return pd.read_csv(file, dtype={"fips_state_county_code": str})


@pytest.fixture(scope="module")
def denver(arrests, data_dir, tmp_path_factory) -> tuple[str, str, list[Result]]:
    """Screen, page and results of the Denver study."""
    return evaluated("denver", data_dir, tmp_path_factory.mktemp("denver"))


def test_denver_is_one_treated_county_of_seven(arrests, denver):
    screen, page, (result, *_) = denver
    assert result.method == "did_prediction_interval"
    assert (result.n_obs, result.n_units) == (len(arrests), arrests["fips_state_county_code"].nunique()) == (168, 7)
    assert "1 treated (08031), 6 never treated" in page
    assert "Table city_panel: 168 rows." in page
    assert "not the one mapped" in page
    assert "The data cannot tell" in " ".join(screen.split())


def test_denver_says_its_rank_and_that_no_permutation_test_could_reject(denver):
    _, page, _ = denver
    said = re.search(
        r"One treated city of 7: by \|estimate\| / standard error it ranks (\d) of 7 \(permutation p (0\.\d{3}); it "
        r"cannot go below 1/7 = 0\.143, so that it can never reach 5 %\)",
        page,
    )
    assert said is not None
    rank, p_value = int(said[1]), said[2]
    assert p_value == f"{rank / 7:.3f}"
    assert 1 <= rank <= 7


def test_denvers_counts_are_those_of_the_file(arrests, denver):
    _, _, (result, *_) = denver
    own = arrests[arrests["fips_state_county_code"] == "08031"].sort_values("date")
    after = own["date"] >= "2020-06"
    np.testing.assert_array_equal(result.path["events"], own["grand_total_arrests"])
    assert result.support["events"].item() == own.loc[after, "grand_total_arrests"].sum()
    assert result.path["dose"].tolist() == after.astype(float).tolist()
    totals = arrests.groupby("fips_state_county_code")["grand_total_arrests"].sum()
    assert result.cities.set_index("city")["events"].to_dict() == totals.to_dict()


def test_denvers_page_says_why_the_printed_p_values_cannot_be_used(denver):
    _, page, results = denver
    ranked = results[1]
    assert (ranked.method, ranked.pvalues.iloc[0]) == ("did_two_way", pytest.approx(4 / 7, rel=1e-12))
    assert (
        "Among 7 cities, each in turn taken for the one with the programme, 4 have an estimate as large or larger"
        in page
    )
    assert "(permutation p = 0.571; it cannot go below 0.143)" in page
    assert "The usual clustered standard error, 29.2, and p-values computed from it cannot be used" in page
    assert "rejected 32 % of the time where nothing had changed" in page


def test_denvers_study_gives_the_published_coefficients_and_standard_errors(denver, data_dir):
    """The fourteen of the printed table: from counts and populations here, from rates per 100,000 there."""
    printed = pd.read_csv(data_dir / "duke_star_arrests" / "regression_results.csv", dtype=str)
    names = {"arrest_rate_gt_arrests": "arrest"}
    terms = {"mean_post": "post_treatment:treatment", "common_change": "post_treatment"}
    _, page, results = denver
    found = {result.estimand.outcome: result for result in results if "common_change" in result.params}
    for row in printed.to_dict("records"):
        outcome = row["independent variable"]
        result = found[names.get(outcome, outcome.replace("arrest_rate_gt_", "grand_total_"))]
        (term,) = [ours for ours, theirs in terms.items() if theirs == row["coefficient name"]]
        for value, text in ((result.params[term], row["coef"]), (result.bse[term], row["std err"])):
            assert f"{value:.{len(text.partition('.')[2])}f}" == f"{float(text):.{len(text.partition('.')[2])}f}"
            assert f"{value:,.5g}".replace("-", "−") in page


@pytest.fixture(scope="module")
def log(data_dir) -> pd.DataFrame:
    file = data_dir / "lane_county_mobile_crisis" / "MCSLC.xlsx"
    if not file.is_file():
        pytest.skip("needs CORESPONDER_DATA with lane_county_mobile_crisis/MCSLC.xlsx")
    return pd.read_excel(file)


# Counted by comparing the columns of the workbook row by row, outside this package.
DISORDER = {
    "dispatched_at before received_at": 83,
    "arrived_at before received_at": 182,
    "engaged_at before received_at": 827,
    "cleared_at before received_at": 124,
    "arrived_at before dispatched_at": 130,
    "engaged_at before dispatched_at": 775,
    "cleared_at before dispatched_at": 94,
    "engaged_at before arrived_at": 687,
    "cleared_at before arrived_at": 63,
    "cleared_at before engaged_at": 37,
    "time stamps out of order, any pair": 922,
}


@pytest.fixture(scope="module")
def lane(log, data_dir, tmp_path_factory) -> str:
    """Page of the Lane County study."""
    _, page, results = evaluated("lane_county", data_dir, tmp_path_factory.mktemp("lane_county"))
    assert results == []
    return page


def test_lane_county_counts_every_disordered_stamp(lane):
    for rule, count in DISORDER.items():
        assert re.search(rf"{re.escape(rule)} [\w, ]+ quality {count} ", lane), rule


def test_lane_county_drops_no_row_in_silence(lane, log):
    assert len(log) == 4682
    assert "Table calls: 4,682 rows." in lane
    unknown = int(log["Dispatch Request Date & Time"].isna().sum())
    assert re.search(rf"missing value received_at error {unknown} ", lane)
    assert "'Abbrev list'" in lane


def test_lane_county_shows_no_row_and_no_person(lane, log):
    assert "Not for release." in lane
    assert "first rows" not in lane
    assert not re.search(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}", lane)
    for name in ("Disposition", "Reason for Dispatch #1"):
        shown = [str(value) for value in log[name].dropna().unique() if len(str(value)) > 12 and str(value) in lane]
        assert shown == []
