"""The page of sizes and power with few treated cities follows the table, cell by cell."""

from pathlib import Path

from coresponder_causal.core.domain import measured_table
from coresponder_causal.validity.cells import cells
from coresponder_causal.validity.cities_page import cities_page

PAGE = Path(__file__).parents[2] / "docs" / "cities.md"


def entries(heading):
    """Entries of one section by line, the heads under an empty name."""
    section = cities_page().split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line[2:-2].split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {name: found for name, *found in rows}


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == cities_page(), "run: python -m coresponder_causal.validity"


def test_every_cell_of_the_grid_has_its_size_most_of_them_at_a_thousand_replications():
    table = measured_table()
    own = table[(table["method"] == "did_prediction_interval") & (table["options"] == "{}") & table["world"].isna()]
    own = own[(own["effect"] == 0) & (own["periods"] == 72)]
    assert own["replications"].min() >= 400
    assert (own["replications"] >= 1000).mean() > 0.7
    grid = [cell for cell in cells("city") if not cell.world and not cell.effect and cell.periods == 72]
    assert len(own) == len(grid) == 126
    shown = entries("`did_prediction_interval`: size")
    assert len(shown) == 2 + 14
    assert all(len(line) == 9 and all(line) for line in shown.values())
    place = own[(own["events"] == 25) & (own["rho"] == 0.8) & (own["treated_noise"] == 2)]
    (size,) = place.loc[(place["comparison"] == 10) & (place["tau"] == 0.1), "rejection"]
    heads = shown.pop("")
    assert shown["25 events, ρ 0.8, noise × 2"][heads.index("m 10, τ 0.1")].strip("*†") == f"{size:.3f}"


def test_what_rejects_too_often_is_bold_and_what_refuses_often_is_marked():
    sizes = entries("`did_few_treated`: size, one test beside the other")
    heads = sizes.pop("")
    shifted = sizes["inference permutation"][heads.index("1 treated, m 10")]
    assert shifted.startswith("**")
    assert "**" not in sizes["lee-wooldridge (default)"][heads.index("1 treated, m 10")]
    assert sizes["inference permutation"][heads.index("3 treated, m 10")] == ""
    rare = entries("`did_prediction_interval`: size")
    assert all("†" in entry for entry in rare["6 events, ρ 0.4, noise × 1"][6:])
    assert "†" not in "".join(rare["25 events, ρ 0.4, noise × 1"])
