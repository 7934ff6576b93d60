"""The gate in the one door: what leaves for whom, read back from the files themselves."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.facts import Facts
from coresponder_causal.plan import city_of, write_metrics, write_pathway
from coresponder_causal.privacy import Counts, Ledger, Policy, hidden_mark, limits, watermark
from coresponder_causal.report import Page, Picture, Sentence, Table, of_nobody, released, trend_picture, write
from coresponder_causal.report.specs import Bullets, Column, Fold, Section

CANARY = "Zebedee Quux"
DISTRICTS = pd.DataFrame({"district": ["a", "b", "c", "d"], "calls": [40, 3, 25, 60], "share": [0.4, 0.03, 0.25, 0.6]})
COLUMNS = (Column("district", "District"), Column("calls", "Calls", "whole"), Column("share", "Share", "share"))


def by_district(**given: object) -> Table:
    counts = (Counts(family="calls by district", frame=DISTRICTS, dimensions=("district",), count="calls"),)
    stated = {"title": "Calls", "frame": DISTRICTS, "columns": COLUMNS, "counts": counts} | given
    return Table(**stated)


def plain(path: Path) -> str:
    text = re.sub(r"<(style|svg)\b.*?</\1>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_inside_nothing_is_hidden_and_every_form_says_so(tmp_path):
    page = Page(title="P", sections=(Section(title="S", blocks=(by_district(),)),))
    for spec, name in ((by_district(), "t.html"), (by_district(), "t.md"), (page, "p.html")):
        text = plain(write(spec, tmp_path / name))
        assert watermark in text
        assert "60" in text
        assert hidden_mark not in text
    table = pd.read_csv(write(by_district(), tmp_path / "t.csv"))
    pd.testing.assert_frame_equal(table, DISTRICTS)
    assert (tmp_path / "internal.txt").read_text(encoding="utf-8") == f"{watermark}\n"
    assert watermark in by_district()._repr_html_()


def test_what_nobody_stands_behind_is_not_marked(tmp_path):
    fields = by_district(counts=(), support=of_nobody)
    assert "Not for release" not in plain(write(fields, tmp_path / "t.html"))
    write(fields, tmp_path / "t.csv")
    assert not (tmp_path / "internal.txt").exists()
    assert "Not for release" not in plain(write(report.codebook(), tmp_path / "codebook.html", audience="public"))


def test_a_table_hides_a_small_count_and_one_more_under_one_symbol(tmp_path):
    """The total is known: one hidden count alone would follow by subtraction. Hidden rows stand last."""
    table = pd.read_csv(write(by_district(), tmp_path / "t.csv", audience="public"), dtype=str)
    hidden = table["calls"] == hidden_mark
    assert hidden.sum() == 2
    assert "b" in set(table.loc[hidden, "district"])
    assert (table.loc[hidden, "share"] == hidden_mark).all()
    assert hidden.tolist() == sorted(hidden)
    assert not (tmp_path / "internal.txt").exists()
    text = plain(write(by_district(), tmp_path / "t.html", audience="public"))
    assert "0.03" not in text
    assert limits in text


def test_of_what_nothing_is_known_every_part_is_listed_at_once(tmp_path):
    drawn = Picture(title="Dots", caption="", alt="", kind="forest", data={"cities": DISTRICTS})
    blocks = (
        by_district(counts=()),
        drawn,
        Bullets(items=(Sentence(text="12 of them"), Sentence(text="no number here"))),
        Fold(label="more", table=by_district(title="More", counts=())),
    )
    page = Page(title="P", finding=(Sentence(text="A fall of 20 %."),), sections=(Section(title="S", blocks=blocks),))
    with pytest.raises(DisclosureError) as refused:
        write(page, tmp_path, audience="public")
    message = str(refused.value)
    assert "breaks 5 rules" in message
    for part in ("A fall of 20", "“Calls” (4 rows)", "“Dots” (4 points)", "12 of them", "“More”"):
        assert part in message
    assert "no number here" not in message
    assert list(tmp_path.iterdir()) == []


def test_an_agreement_lifts_the_unknown_and_not_the_threshold(tmp_path):
    sections = (Section(title="S", blocks=(by_district(), by_district(title="Bare", counts=()))),)
    page = Page(title="P", sections=sections)
    text = plain(write(page, tmp_path / "p.html", audience="partner", agreement="county 2026-04"))
    assert "under the agreement county 2026-04" in text
    assert hidden_mark in text.split("Bare")[0]
    with pytest.raises(DisclosureError, match="needs agreement="):
        write(page, tmp_path / "q.html", audience="partner")


def test_support_hides_rows_points_and_sentences(tmp_path):
    support = pd.DataFrame({"events": [40, 3, 25, 60]})
    table = pd.read_csv(
        write(by_district(counts=(), support=support), tmp_path / "t.csv", audience="public"), dtype=str
    )
    assert table["calls"].tolist() == ["40", "25", "60", hidden_mark]
    said = Sentence(text="Holds fell by 20 %.", support=support)
    page = Page(title="P", finding=(said,), sections=())
    assert "20" not in plain(write(page, tmp_path / "p.html", audience="public")).split("This is not legal advice.")[1]
    with pytest.raises(DisclosureError, match="is not shown"):
        write(said, tmp_path / "s.txt", audience="public")
    assert "20" in write(Sentence(text="Holds fell by 20 %.", support=support.drop(1)), tmp_path / "s.txt",
                         audience="public").read_text(encoding="utf-8")  # fmt: skip


def test_small_counts_in_words_are_withheld(tmp_path):
    blocks = (
        Bullets(items=(Sentence(text="4 calls were left out", support=of_nobody),
                       Sentence(text="400 calls were read", support=of_nobody))),
        by_district(note="Of these 2 persons twice."),
    )  # fmt: skip
    page = Page(title="P", subtitle="Of 7 persons.", sections=(Section(title="S", blocks=blocks),))
    text = plain(write(page, tmp_path / "p.html", audience="public"))
    assert "400 calls" in text
    for small in ("4 calls were", "2 persons", "7 persons"):
        assert small not in text
    assert "A remark is not shown" in text


def test_columns_that_name_people_never_leave(tmp_path):
    """A canary: neither the file nor the message shows it."""
    frame = DISTRICTS.assign(person=CANARY)
    rows = by_district(frame=frame, columns=(Column("person", "Person"), *COLUMNS))
    for audience, agreement in (("public", None), ("partner", "county 1")):
        with pytest.raises(DisclosureError) as refused:
            write(rows, tmp_path / "t.csv", audience=audience, agreement=agreement)
        assert "shows person" in str(refused.value)
        assert CANARY not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_columns_that_are_not_shown_do_not_ride_along(tmp_path):
    table = by_district(frame=DISTRICTS.assign(person=CANARY))
    assert CANARY not in released(table, audience="public").frame.to_csv()
    for form in ("csv", "html", "md"):
        assert CANARY not in write(table, tmp_path / f"t.{form}", audience="public").read_text(encoding="utf-8")


def months(arrests: list[int]) -> pd.DataFrame:
    count = pd.Series(arrests, dtype=float)
    return pd.DataFrame(
        {
            "metric": "M17", "part": "", "period": [f"2024-{month:02d}" for month in range(1, len(arrests) + 1)],
            "statistic": "proportion", "numerator": count, "denominator": 100.0, "value": count / 100,
            "conf_low": count / 100 - 0.004, "conf_high": count / 100 + 0.004, "n_persons": 90.0, "missing": 0,
            "unit": "call",
        }
    )  # fmt: skip


def line_of(svg: str) -> np.ndarray:
    """Corners of the drawn line: the longest path without filling."""
    paths = re.findall(r'<path d="([^"]+)"[^>]*style="fill: none[^"]*"', svg)
    longest = max(paths, key=lambda path: len(re.findall(r"[ML]", path)))
    return np.array([[float(x), float(y)] for x, y in re.findall(r"[ML] (-?[\d.]+) (-?[\d.]+)", longest)])


def test_read_back_from_the_drawing_are_released_numbers_alone(tmp_path):
    """Figure read-back: the line of the SVG is measured, its scale found from shown months, and every corner read."""
    arrests = [20, 14, 4, 31, 25, 17, 9, 22, 19, 28, 16, 13]
    picture = trend_picture(months(arrests), title="Arrests")
    inside = line_of(write(picture, tmp_path / "inside.svg").read_text(encoding="utf-8"))
    assert len(inside) == 12
    gated = released(picture, audience="public")
    left = gated.data["trend"]["value"]
    assert left.isna().sum() >= 2
    corners = line_of(write(picture, tmp_path / "public.svg", audience="public").read_text(encoding="utf-8"))
    kept = left.dropna().to_numpy()
    assert len(corners) == len(kept)
    slope, base = np.polyfit(corners[:, 1], kept, 1)
    np.testing.assert_allclose(slope * corners[:, 1] + base, kept, atol=1e-3)
    assert not {4.0, 9.0} & set(np.round(slope * corners[:, 1] + base, 3))
    assert "4 to 31" not in gated.alt
    assert "points are not drawn" in gated.alt


def test_the_end_of_an_axis_does_not_tell_a_hidden_maximum():
    frame = pd.DataFrame({"position": range(5), "observed": [20.0, 400.0, 22.0, 19.0, 30.0]})
    picture = Picture(
        title="T", caption="", alt="up to 400", kind="series", data={"path": frame}, labels=Facts({"top": 424.0}),
        support=pd.DataFrame({"persons": [20, 7, 22, 19, 30]}),
    )  # fmt: skip
    gated = released(picture, audience="public")
    assert gated.labels["top"] == pytest.approx(1.06 * 30)
    assert "400" not in gated.alt


def test_a_picture_of_which_most_is_hidden_is_not_drawn(tmp_path):
    with pytest.raises(DisclosureError, match="picture “Arrests” is not shown"):
        write(trend_picture(months([2, 3, 20, 4, 5]), title="Arrests"), tmp_path / "a.svg", audience="public")


def test_a_released_spec_shows_itself_without_small_counts_in_a_notebook():
    shown = released(by_district(), audience="public")._repr_html_()
    assert hidden_mark in shown
    assert "0.03" not in shown


def test_the_ledger_binds_the_next_release(tmp_path):
    ledger = Ledger(tmp_path / "releases.jsonl")
    write(by_district(), tmp_path / "one.csv", audience="public", ledger=ledger)
    assert len(ledger.cells()["calls by district"]) == 5
    later = DISTRICTS.assign(calls=[40, 14, 25, 60])
    counts = (Counts(family="calls by district", frame=later, dimensions=("district",), count="calls"),)
    with pytest.raises(DisclosureError, match="differ from what was shown"):
        write(by_district(frame=later, counts=counts), tmp_path / "two.csv", audience="public", ledger=ledger)
    assert not (tmp_path / "two.csv").exists()
    write(by_district(), tmp_path / "again.csv", audience="public", ledger=ledger)
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


def test_files_that_leave_together_hide_the_same(tmp_path):
    """Two tables of the same cells: what one hides, the other hides too."""
    report.write_all(
        {tmp_path / "a.csv": by_district(), tmp_path / "b.csv": by_district(title="Again")},
        policy=Policy(audience="public"),
    )
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@cache
def city():
    return city_of(None)


def test_the_course_of_calls_leaves_without_its_single_calls(tmp_path):
    """One call passes from 'not linked' to 'not known': inside it is shown, outside nothing gives it away."""
    write_pathway(city(), tmp_path / "inside")
    write_pathway(city(), tmp_path / "public", policy=Policy(audience="public"))
    keys = ["from_stage", "from_state", "stage", "state"]
    inside = pd.read_csv(tmp_path / "inside" / "pathway_flows.csv").set_index(keys)["count"]
    public = pd.read_csv(tmp_path / "public" / "pathway_flows.csv", dtype=str).set_index(keys)["count"]
    small = inside[(inside > 0) & (inside < 11)].index
    assert len(small)
    assert (public.loc[small] == hidden_mark).all()
    shown = public[public != hidden_mark].astype(int)
    pd.testing.assert_series_equal(shown.sort_index(), inside.loc[shown.index].sort_index(), check_dtype=False)
    for _, row in public.groupby(level=["stage", "from_state"]):
        assert (row == hidden_mark).sum() != 1


@pytest.mark.parametrize("metric", ["M12", "M15", "M17"])
def test_metrics_of_the_city_leave_together(tmp_path, metric, monkeypatch):
    """Page and tables of one metric for the public: no month of 1 to 10 is shown, nor left over by the phases."""
    from coresponder_causal.plan import describe

    whole = describe.metrics
    monkeypatch.setattr(describe, "metrics", lambda tables, **given: whole(tables, only=[metric], **given))
    monkeypatch.setattr(describe, "_course", lambda found: (pd.DataFrame(), pd.DataFrame()))
    write_metrics(city(), tmp_path / "inside")
    write_metrics(city(), tmp_path / "public", policy=Policy(audience="public"))
    inside = pd.read_csv(tmp_path / "inside" / "metrics_by_month.csv").set_index("period")["numerator"]
    public = pd.read_csv(tmp_path / "public" / "metrics_by_month.csv", dtype=str).set_index("period")["numerator"]
    small = inside[(inside > 0) & (inside < 11)].index
    assert len(small)
    assert (public.loc[small] == hidden_mark).all()
    phases = pd.read_csv(tmp_path / "public" / "metrics.csv", dtype=str)
    assert "small" not in phases  # it would tell small cells from those hidden beside them
    assert (phases["numerator"] != hidden_mark).all()
    before = public[public.index < "2020-07"]
    assert (before == hidden_mark).sum() != 1
    text = plain(tmp_path / "public" / "index.html")
    assert limits in text
    assert "Not for release" not in text


def test_a_folder_holds_files_for_one_audience(tmp_path):
    """A public table beside internal ones would be handed on with them; a partner's names its agreement."""
    inside, shared = tmp_path / "inside", tmp_path / "shared"
    write(by_district(), inside / "t.csv")
    with pytest.raises(DisclosureError, match=r"holds internal\.txt"):
        write(by_district(), inside / "u.csv", audience="public")
    assert not (inside / "u.csv").exists()
    write(by_district(), shared / "t.csv", audience="partner", agreement="county 2026-04")
    assert "under the agreement county 2026-04" in (shared / "agreement.txt").read_text(encoding="utf-8")
    write(by_district(), shared / "t.csv", audience="partner", agreement="county 2026-04")
    for given in ({}, {"audience": "public"}, {"audience": "partner", "agreement": "another"}):
        with pytest.raises(DisclosureError, match=r"holds agreement\.txt"):
            write(by_district(), shared / "t.csv", **given)
