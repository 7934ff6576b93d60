"""The report room on results that look like those of the estimators."""

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import CausalError, DataError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import interval, minimum_detectable_effect
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.report import city_sentences, drawing, tables, words

CITIES = ("Davis", "Woodland", "Folsom", "Rancho Cordova", "Citrus Heights", "Rocklin", "Chico", "Redding", "Roseville")
MONTHS = pd.period_range("2017-01", "2022-12", freq="M")
DOSE = np.clip((np.arange(72) - 42) + 17 / 31, 0, 1) * (np.arange(72) >= 42)


def estimand(city="West Sacramento"):
    return Estimand(
        contrast="ATT",
        outcome="calls",
        treatment="the programme as run from 2020-07-15, with everything else that changed then",
        population=city,
        horizon="30 months from 2020-07-15",
        scale="ratio of rates",
    )


def provenance(design, options="{}"):
    return Provenance(design=design, data="91b0" * 16, options=options, version="0.1.0", seed=None)


def series_result(effect=-0.2, *, scale="log_ratio", notes=("domain: not yet measured",)):
    rng = np.random.default_rng(3)
    t = np.arange(72)
    base = 62 + 0.12 * t + 6 * np.sin(2 * np.pi * t / 12)
    observed = rng.poisson(base * np.exp(effect * DOSE)).astype(float)
    width = 1.5 + 0.11 * np.maximum(t - 42, 0) ** 1.1
    path = pd.DataFrame(
        {
            "time": MONTHS,
            "observed": observed,
            "counterfactual": base,
            "low": base - 2 * width,
            "high": base + 2 * width,
            "events": observed,
            "dose": DOSE,
        }
    )
    terms = ["mean_post", "level_change", "slope_change", "effect_at_6_months", "averted"]
    log = scale == "log_ratio"
    estimate = np.array([effect, effect - 0.01, 0.001, effect, 0.22]) * (1 if log else 60)
    se = np.array([0.07, 0.09, 0.004, 0.08, 0.09]) * (1 if log else 60)
    return Result(
        method="its_segmented",
        estimand=estimand(),
        terms=pd.DataFrame({"term": terms}),
        estimate=estimate,
        vcov=np.diag(se**2),
        df=np.array([11.3, 17.0, 4.2, 15.0, 10.1]),
        scale=scale,
        event_base=np.array([np.nan] * 4 + [1720.0]) if log else None,
        support=pd.DataFrame({"term": terms, "persons": np.nan, "events": observed[42:].sum(), "units": 1}),
        path=path,
        n_obs=72,
        n_units=1,
        extra=Facts(
            {
                "city": "West Sacramento",
                "start": "2020-07-15",
                "rho": 0.41,
                "phi": 0.8,
                "interval": "t, Satterthwaite df",
                "mean_events": 61.0,
                "outcome_unit": "calls a month",
            }
        ),
        notes=notes,
        provenance=provenance("SeriesDesign", '{"errors": "reml-nugget", "harmonics": 2, "link": "log"}'),
    )


def comparison_result(
    effect=-0.25, *, city="West Sacramento", method="did_prediction_interval", terms=("mean_post",), others=CITIES
):
    rng = np.random.default_rng(5)
    k = len(terms)
    ratio = np.exp(rng.normal(0, 0.13, 72) + effect * DOSE)
    expected = np.exp(0.03 * np.sin(2 * np.pi * np.arange(72) / 12))
    band = np.where(DOSE > 0, 0.21, 0.05)
    path = pd.DataFrame(
        {
            "time": MONTHS,
            "observed": ratio,
            "counterfactual": expected,
            "low": expected * np.exp(-band),
            "high": expected * np.exp(band),
            "events": rng.poisson(60, 72),
            "dose": DOSE,
        }
    )
    cities = pd.DataFrame(
        {
            "city": [city, *others],
            "role": ["treated"] + ["comparison"] * len(others),
            "effect": [effect, *rng.normal(0, 0.1, len(others))],
            "std_error": rng.uniform(0.05, 0.1, 1 + len(others)),
            "df": rng.uniform(8, 30, 1 + len(others)),
            "events": rng.integers(3000, 9000, 1 + len(others)),
        }
    )
    return Result(
        method=method,
        estimand=estimand(city),
        terms=pd.DataFrame({"term": list(terms)}),
        estimate=np.array([effect, effect + 0.06])[:k],
        vcov=np.diag(np.array([0.1, 0.05])[:k] ** 2),
        df=np.array([9.0, 14.0])[:k],
        scale="log_ratio",
        support=pd.DataFrame({"term": list(terms), "persons": np.nan, "events": 1720.0, "units": len(cities)}),
        path=path,
        cities=cities,
        n_obs=720,
        n_units=len(cities),
        extra=Facts(
            {
                "city": city,
                "start": "2020-07-15",
                "tau": 0.07,
                "tau_star": 0.09,
                "kappa_star": 1.4,
                "m": len(others),
                "interval": "prediction interval",
                "mean_events": 60.0,
                "outcome_unit": "calls a month",
            }
        ),
        notes=(
            "domain: not yet measured",
            "2 of 720 city-periods without events: half an event was put in their place",
        ),
        provenance=provenance("PanelDesign", '{"harmonics": 2}'),
    )


def coverage_result():
    return comparison_result(
        -0.1, method="call_coverage", terms=("triple_difference", "covered_within_city"), others=CITIES[:6]
    )


def checks():
    placebo = pd.DataFrame({"start": ["2018-06", "2019-01"], "estimate": [0.02, -0.05], "p_value": [0.7, 0.0004]})
    return (
        CheckResult(
            check="placebo_dates",
            assumption="The series would have gone on as before.",
            verdict="contradicts",
            power=0.62,
            table=placebo,
            sentence="Of 2 made-up starts before the real one, 1 shows a change at the 5 % level.",
        ),
        CheckResult(
            check="placebo_cities",
            assumption="The treated city is no more volatile than the others.",
            verdict="no contradiction found",
            power=None,
            table=pd.DataFrame({"city": ["Davis"], "estimate": [0.1]}),
            sentence="The treated city ranks 1 of 10; the p-value cannot fall below 0.10.",
        ),
        CheckResult(
            check="control_outcomes",
            assumption="Outcomes that the programme cannot touch did not move.",
            verdict="not applicable",
            power=None,
            table=pd.DataFrame(),
            sentence="No outcome was named that the programme cannot touch.",
        ),
    )


def quality():
    return pd.DataFrame(
        {
            "rule": ["times in order", "values of the list", "unique call"],
            "field": ["arrived_at", "initial_type", "call_id"],
            "severity": ["error", "warning", "error"],
            "count": [907, 12, 2],
            "rows": [(3, 9, 14), (55,), (1, 2)],
            "mend": ["set the wrong time to missing", "add the code to the list", "keep the last row of each call"],
        }
    )


def full_page(city="West Sacramento", **options):
    results = [comparison_result(city=city), series_result(), coverage_result()]
    return report.page(
        results,
        checks=checks(),
        simulated=True,
        quality=quality(),
        truth={"did_prediction_interval.mean_post": -0.22, "its_segmented.mean_post": -0.22},
        design_lines=("West Sacramento against 9 comparison cities, 42 months before and 30 from 15 July 2020 on",),
        **options,
    )


def everything():
    return [series_result(), series_result(scale="difference"), comparison_result(), coverage_result()]


class Outline(HTMLParser):
    """Headings, text and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.text, self.ids = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        self.text.append(data)
        if self.tags and self.tags[-1][0] == "h2" and data.strip():
            self.headings.append(data)


def page_text(page, folder):
    return report.write(page, folder).read_text(encoding="utf-8")


# --- sentences ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", everything(), ids=lambda result: f"{result.method}-{result.scale}")
def test_numbers_of_a_sentence_are_those_of_tidy(result):
    said, first = report.sentence(result), result.tidy().iloc[0]
    for name in ("estimate", "conf_low", "conf_high"):
        assert said.numbers[name] == first[name]
    least = minimum_detectable_effect(first["std_error"], result.df[0])
    shown = 100 * (1 - np.exp(-least)) if result.scale == "log_ratio" else least
    assert said.numbers["shown_mde"] == pytest.approx(-shown, rel=1e-12)  # the same closed form, written twice
    unit = " %" if result.scale == "log_ratio" else ""
    assert f"a fall of {shown:.{0 if unit else 1}f}{unit}" in said.text


def test_an_effect_is_claimed_only_when_the_interval_leaves_out_no_change():
    assert report.sentence(series_result(-0.2)).text.startswith(
        "Calls fell by 18 % against what the city's own earlier course predicts (95 % interval −30 % to −4.5 %)."
    )
    assert report.sentence(series_result(0.2)).text.startswith("Calls rose by 22 % against")
    unclear = report.sentence(series_result(-0.1)).text
    assert unclear.startswith("The data cannot tell whether calls changed")
    assert "a fall of 9.5 %, but the 95 % interval −18 % to" not in unclear
    assert "−22 % to +5.5 % includes no change" in unclear
    assert " fell by " not in unclear


def test_the_baseline_and_the_kind_of_interval_are_named():
    assert (
        "against what the comparison cities' experience predicts (95 % prediction"
        in report.sentence(comparison_result(-0.3)).text
    )
    assert "in the hours the team was on duty" in report.sentence(coverage_result()).text
    assert "calls a month" in report.sentence(series_result(scale="difference")).text


def test_a_set_is_refused_and_not_spoken_of_as_a_point():
    bounds = {"set_low": np.full(5, -0.3), "set_high": np.full(5, 0.1)}
    with pytest.raises(EstimationError, match="gives no point"):
        report.sentence(replace(series_result(), kind="set", **bounds))


@pytest.mark.parametrize(
    ("value", "text"),
    [(-18.26, "−18 %"), (9.96, "+10 %"), (3.04, "+3.0 %"), (-0.042, "−0.04 %"), (0.0, "0 %"), (-0.0949, "−0.09 %")],
)
def test_no_change_of_any_size_reads_as_none(value, text):
    assert words.percent(value) == text


# --- tables ------------------------------------------------------------------------------------------------------


def test_evidence_is_on_the_scale_in_which_it_is_read():
    results = everything()
    frame = report.table(*results).frame
    assert len(frame) == sum(len(result.terms) for result in results)
    first, tidy = frame.iloc[0], series_result().tidy(scale="ratio").iloc[0]
    for name in ("estimate", "conf_low", "conf_high"):
        assert first[name] == pytest.approx(100 * (tidy[name] - 1), rel=1e-12)  # the same closed form
    assert first["unit"] == "%"
    averted = frame.iloc[4]
    assert averted["unit"] == "calls"
    assert averted["estimate"] == series_result().tidy()["estimate"].iloc[4]
    assert np.isnan(averted["mde"])
    assert report.table(*results, terms="headline").frame["term"].tolist() == [
        "mean after the start",
        "mean after the start",
        "mean after the start",
        "covered hours, beyond comparison cities",
    ]
    assert set(report.table(*results).support["method"]) == {result.method for result in results}


def test_verdicts_are_words_and_marks_and_their_sentences_verbatim():
    table = report.table(*checks())
    assert table.frame["verdict"].tolist() == ["✕ contradicts", "○ no contradiction found", "– not applicable"]
    assert table.frame["sentence"].tolist() == [check.sentence for check in checks()]


@pytest.mark.parametrize("items", [(), (series_result(), checks()[0])], ids=["nothing", "both kinds"])
def test_a_table_is_of_one_kind(items):
    with pytest.raises(EstimationError, match="a table shows results or checks"):
        report.table(*items)


def test_distances_from_the_truth():
    table = tables.distances([comparison_result(-0.25)], {"did_prediction_interval.mean_post": -0.5})
    row = table.frame.iloc[0]
    assert row["distance"] == pytest.approx(100 * (np.exp(-0.25) - np.exp(-0.5)), rel=1e-12)
    assert row["std_errors"] == pytest.approx(0.25 / 0.1, rel=1e-12)
    assert row["inside"] == "no"  # -0.25 - 2.262 · 0.1 lies above -0.5
    with pytest.raises(EstimationError, match=r"1 truths belong to no estimate: its_segmented\.mean_past"):
        tables.distances([series_result()], {"its_segmented.mean_past": 0.0})


# --- figures -----------------------------------------------------------------------------------------------------


def test_data_behind_the_course_in_time():
    picture = report.figure(series_result(), kind="path")
    data, path = picture.data["path"], series_result().path
    assert picture.kind == "series"
    pd.testing.assert_frame_equal(data[["observed", "counterfactual", "low", "high"]], path[[*path.columns[1:5]]])
    assert picture.labels["start"] == pytest.approx(2020 + 196 / 366)  # 15 July is day 197 of a leap year
    assert picture.labels["start_label"] == "start: 15 July 2020"
    assert data["after"].sum() == 30
    assert np.allclose(np.diff(data["position"]), 1 / 12, atol=0.005)  # months are not of one length
    assert picture.support["events"].tolist() == path["events"].tolist()
    assert report.figure(comparison_result(), kind="path").kind == "gap"


def test_numbered_periods_start_half_a_step_before_the_first_dose():
    result = series_result()
    numbered = replace(result, path=result.path.assign(time=np.arange(72)), extra=Facts({"start": "42"}))
    picture = report.figure(numbered)
    assert picture.labels["start"] == 41.5
    assert not picture.labels["calendar"]
    assert drawing.drawn(picture, "svg").startswith(b"<?xml")


def test_data_behind_the_forest():
    result = comparison_result()
    picture = report.figure(result)
    rows, first = picture.data["cities"], result.tidy().iloc[0]
    assert picture.kind == "forest"
    assert rows["role"].tolist() == ["treated"] + ["comparison"] * len(CITIES)
    assert rows.loc[0, ["effect", "low", "high"]].tolist() == first[["estimate", "conf_low", "conf_high"]].tolist()
    assert rows["effect"][1:].is_monotonic_increasing
    own = result.cities.set_index("city").loc[rows["city"][3]]
    low, high = interval(own["effect"], own["std_error"], own["df"])
    assert rows.loc[3, ["low", "high"]].tolist() == [low, high]
    half = picture.data["range"].loc[0, "high"]
    assert (abs(first["estimate"]) > half) == (first["p_value"] < 0.05)


def test_a_check_is_drawn_where_it_has_estimates():
    dates, cities, outcomes = checks()
    rows = report.figure(dates).data["cities"]
    assert rows["effect"].tolist() == dates.table["estimate"].tolist()
    assert rows["low"].tolist() == rows["effect"].tolist()
    spread = replace(dates, table=dates.table.assign(std_error=0.1, df=9.0))
    assert report.figure(spread).data["cities"]["high"][0] == pytest.approx(0.02 + 0.1 * 2.2621571628, rel=1e-9)
    assert drawing.drawn(report.figure(cities), "svg").startswith(b"<?xml")
    with pytest.raises(EstimationError, match="the check control outcomes has no estimates to draw"):
        report.figure(outcomes)


def test_a_result_without_the_picture_asked_for_says_what_to_do():
    with pytest.raises(EstimationError, match=r"its_segmented carries no cities to draw\n  mend: .*report\.table"):
        report.figure(series_result(), kind="forest")


@pytest.mark.parametrize(
    ("kind", "form", "mark"),
    [
        ("path", ".svg", b"<?xml"),
        ("forest", ".svg", b"<?xml"),
        ("path", ".png", b"\x89PNG"),
        ("path", ".pdf", b"%PDF"),
    ],
)
def test_pictures_draw_the_same_bytes_in_every_form(kind, form, mark, tmp_path):
    picture = report.figure(comparison_result(city="$\\bad{ -- <b>"), kind=kind)
    first = report.write(picture, tmp_path / f"a{form}").read_bytes()
    assert first.startswith(mark)
    assert first == report.write(picture, tmp_path / f"b{form}").read_bytes()


def test_nothing_drawn_leaves_the_canvas_and_counts_start_at_zero(monkeypatch):
    from matplotlib.figure import Figure

    seen = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *args, **kept: seen.append(figure))
    for picture in (report.figure(series_result()), report.figure(comparison_result(others=CITIES * 3))):
        drawing.drawn(picture, "svg")
    for figure in seen:
        figure.draw_without_rendering()
        assert figure.get_tightbbox().width <= figure.get_figwidth()
    axes, data = seen[0].axes[0], report.figure(series_result()).data["path"]
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > data[["observed", "high"]].max().max()


# --- pages -------------------------------------------------------------------------------------------------------


def test_a_page_reads_from_the_finding_to_where_the_numbers_come_from(tmp_path):
    page = full_page(sensitive=True)
    assert page.finding[0].text.startswith("The smallest effect this design would find")
    assert page.finding[1].text.startswith("Calls fell by 22 %")
    assert page.finding[2].text == "1 of 3 checks contradicts an assumption of this finding: placebo dates."
    outline = Outline(page_text(page, tmp_path))
    assert outline.headings == [
        "What was compared?",
        "How do we know? The city against the comparison cities over time",
        "How do we know? The city beside each comparison city",
        "What could be wrong?",
        "What does another design say? Interrupted time series",
        "What does another design say? Hours on duty",
        "What did the covered hours do within the city?",
        "All estimates together",
        "How far are the estimates from the truth?",
        "Can the data be trusted?",
        "What must be read with these numbers?",
        "Where do the numbers come from?",
    ]
    shown = " ".join("".join(outline.text).replace("\u00a0", " ").split())
    assert "This is a simulated city." in shown
    assert "Not for release." in shown
    for part in page.parts():
        assert (part.text if isinstance(part, report.Sentence) else part.title) in shown
    for check in checks():
        assert check.sentence in shown


def test_a_page_loads_nothing_and_says_what_its_pictures_show(tmp_path):
    page = full_page()
    outline = Outline(page_text(page, tmp_path))
    tags = {tag for tag, _ in outline.tags}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    for tag, attributes in outline.tags:
        for name in ("src", "href", "xlink:href", "style"):
            assert "//" not in (attributes.get(name) or ""), (tag, attributes)
    images = [attributes for tag, attributes in outline.tags if tag == "svg"]
    pictures = [part for part in page.parts() if isinstance(part, report.Picture)]
    assert [image["aria-label"] for image in images] == [picture.alt for picture in pictures]
    assert all(image["role"] == "img" for image in images)
    assert len(outline.ids) == len(set(outline.ids))
    uses = {attributes["xlink:href"][1:] for tag, attributes in outline.tags if tag == "use"}
    assert uses <= set(outline.ids)


def test_user_text_stays_text(tmp_path):
    nasty = '<b onload="x">"&'
    text = page_text(full_page(city=nasty, title=nasty), tmp_path)
    assert "<b onload" not in text
    assert "&lt;b onload=&#34;x&#34;&gt;&#34;&amp;" in text
    assert not [tag for tag, attributes in Outline(text).tags if "onload" in attributes]


def test_a_page_is_written_alike_twice(tmp_path):
    page = report.page([series_result()], checks=checks())
    assert page_text(page, tmp_path / "a") == page_text(page, tmp_path / "b")


def test_a_contrast_within_the_city_is_never_the_headline(tmp_path):
    within = coverage_result().combine(np.array([[0.0, 1.0]]), pd.DataFrame({"term": ["covered_within_city"]}))
    alone = replace(within, cities=None)
    alone_page = report.page([alone, series_result()])
    assert alone_page.finding[1].text.startswith("Description only: a single series cannot tell")
    assert alone_page.finding[2].text.startswith("Calls fell by 18 %")
    page = report.page([alone])
    assert [sentence.text for sentence in page.finding] == [
        "No design on this page identifies an effect: what follows is description."
    ]
    assert "Description only, not an effect of the programme." in page_text(page, tmp_path)


def test_the_contrast_within_the_city_stands_beside_that_of_the_comparison_cities():
    said = city_sentences.within_city(coverage_result())
    assert said.numbers["elsewhere"] == pytest.approx(100 * np.expm1(0.06), rel=1e-9)  # -0.04 less -0.10
    assert said.numbers["estimate"] == pytest.approx(-0.04, abs=1e-15)
    assert "prediction interval" not in said.text


def test_a_study_of_the_data_alone_has_a_page(tmp_path):
    page = report.page(quality=quality())
    assert page.finding[0].text == (
        "The data break 2 rules that must be mended before any analysis and raise 1 doubt about their quality."
    )
    assert dict(page.finding[0].numbers) == {"errors": 2, "doubts": 1, "unread": 0}
    assert "keep the last row of each call" in page_text(page, tmp_path)
    clean = report.page(quality=quality().head(0))
    assert clean.finding[0].text == "The data break no rule of the data dictionary."


def test_an_empty_page_and_a_strange_table_of_findings_are_refused():
    with pytest.raises(CausalError, match="nothing to show"):
        report.page()
    with pytest.raises(DataError, match="lacks severity, count"):
        report.page(quality=pd.DataFrame({"rule": ["x"]}))


# --- the door ----------------------------------------------------------------------------------------------------


def test_each_spec_goes_to_its_forms_and_no_other(tmp_path):
    table, sentence = report.table(series_result()), report.sentence(series_result())
    written = pd.read_csv(report.write(table, tmp_path / "t.csv"))
    assert written["estimate"].tolist() == table.frame["estimate"].tolist()
    assert "| ---: |" in report.write(table, tmp_path / "t.md").read_text(encoding="utf-8")
    assert "<caption>Estimates</caption>" in report.write(table, tmp_path / "t.html").read_text(encoding="utf-8")
    assert report.write(sentence, tmp_path / "s.txt").read_text(encoding="utf-8") == f"{sentence}\n"
    assert report.write(report.page(quality=quality()), tmp_path / "deep" / "page").name == "index.html"
    assert report.write(report.page(quality=quality()), tmp_path / "one.html").name == "one.html"
    endings = r"\.csv or \.html or \.json or \.md or \.tex or \.xlsx"
    with pytest.raises(CausalError, match=rf"a Table has no form '\.docx'\n  mend: .*{endings}"):
        report.write(table, tmp_path / "t.docx")
    with pytest.raises(CausalError, match="a str is not something to write"):
        report.write("text", tmp_path / "t.txt")


def test_a_broken_writing_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "s.txt"
    report.write(report.Sentence(text="old"), target)
    honest = Path.write_bytes

    def torn(path, content):
        honest(path, content[:2])
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", torn)
    with pytest.raises(OSError, match="disk full"):
        report.write(report.Sentence(text="new"), target)
    assert target.read_text(encoding="utf-8") == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["s.txt"]


@pytest.mark.parametrize(
    "spec", [report.table(series_result()), report.sentence(series_result()), report.figure(series_result())]
)
def test_a_notebook_shows_specs_by_way_of_the_door(spec, monkeypatch):
    shown = spec._repr_html_()
    assert (shown.startswith("<") and "Estimates" in shown) or "calls" in shown.lower()
    door = sys.modules["coresponder_causal.report.write"]  # the name in the package is the function
    monkeypatch.setattr(door, "rendered", lambda spec, form: b"stopped")
    assert spec._repr_html_() == "stopped"


def test_no_result_is_changed_by_what_is_made_of_it(tmp_path):
    for result in everything():
        before = result.to_json()
        report.write(report.page([result], checks=checks()), tmp_path)
        report.figure(result)
        report.table(result)
        assert result.to_json() == before


def test_drawing_needs_no_pyplot():
    code = (
        "import sys, pandas as pd; from coresponder_causal import report\n"
        "assert not {'matplotlib', 'jinja2'} & set(sys.modules)\n"
        "rows = pd.DataFrame({'position': [1., 2], 'observed': 1., 'counterfactual': 1., 'low': 0., 'high': 2.})\n"
        "labels = report.figures.Facts({'y': 'y', 'start': None, 'start_label': '', 'calendar': False})\n"
        "picture = report.Picture(title='t', caption='c', alt='a', kind='series', labels=labels,\n"
        "                         data={'path': rows.assign(after=[False, True])})\n"
        "assert 'svg' in picture._repr_html_() and 'matplotlib.pyplot' not in sys.modules"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("tau_star", "kappa_star", "says"),
    [
        (0.0, 0.0, "would include no change even if cities did not drift apart at all"),
        (0.05, 0.0, "would exclude no change only if cities drifted apart by less than 5.1 % (τ* = 0.0500)."),
        (0.2, 2.5, "would die if cities drifted apart by 22 % (τ* = 0.200), or this city alone 2.50 times as far"),
        (0.2, np.inf, "would die if cities drifted apart by 22 % (τ* = 0.200)."),
    ],
)
def test_the_drift_between_cities_and_where_the_finding_dies_are_said(tau_star, kappa_star, says):
    result = comparison_result()
    facts = {"tau": 0.1, "tau_star": tau_star, "kappa_star": kappa_star, "integrated_low": -0.4, "integrated_high": 0.1}
    said = city_sentences.drift(replace(result, extra=Facts(dict(result.extra) | facts)))
    assert "drift apart by about 11 % (τ = 0.100 on the log scale)" in said.text
    assert "interval is −33 % to +11 %" in said.text
    assert says in said.text


def test_an_estimate_of_no_drift_comes_with_how_easily_it_is_had():
    facts = {"tau": 0.0, "tau_star": 0.2, "kappa_star": np.inf, "integrated_low": -0.4, "integrated_high": 0.1}
    facts |= {"prob_tau_zero": 0.21, "tau_upper": 0.1}
    said = city_sentences.drift(replace(comparison_result(), extra=Facts(dict(comparison_result().extra) | facts)))
    assert "no drift at all is to be had 21 % of the time even if cities drift apart by 11 %" in said.text


@pytest.mark.parametrize(
    ("star", "says"),
    [(1.8, "vary less than 1.80 times as much as the others' (ρ*)"), (0.0, "not volatile at all (ρ* = 0)")],
)
def test_how_volatile_the_treated_city_may_be_is_said(star, says):
    facts = {"rho_star": star, "error_ratio": 1.4}
    said = city_sentences.volatility(replace(comparison_result(), extra=Facts(dict(comparison_result().extra) | facts)))
    assert says in said.text
    assert "1.40 times their mean variance" in said.text


def test_doubts_stand_beside_the_finding_and_notes_do_not():
    doubted = replace(comparison_result(), notes=("a plain note", Doubt("hardly known")))
    texts = [sentence.text for sentence in report.page([doubted], design_lines=["read", Doubt("half covered")]).finding]
    assert texts[-2:] == ["In doubt: hardly known.", "In doubt: half covered."]
    assert not any("plain note" in text for text in texts)


@pytest.mark.parametrize("finding", [(), (report.Sentence(text="Calls fell."),)])
def test_a_page_without_a_finding_has_no_link_to_one(finding, tmp_path):
    target = report.write(report.Page(title="A page", finding=finding, sections=()), tmp_path / "page")
    text = target.read_text(encoding="utf-8")
    assert ("Skip to the finding" in text) == ('id="finding"' in text) == bool(finding)
