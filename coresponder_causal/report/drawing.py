"""Picture specs drawn with matplotlib's objects, without its global state of figures."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from coresponder_causal.report.answers_picture import answers_height, draw_answers
from coresponder_causal.report.bounds_picture import bounds_height, draw_bounds
from coresponder_causal.report.cities_picture import (
    comparable_height,
    draw_comparable,
    draw_multiples,
    multiples_height,
)
from coresponder_causal.report.colours import grey
from coresponder_causal.report.donor_picture import draw_donors
from coresponder_causal.report.drawing_benefit import draw_benefit
from coresponder_causal.report.drawing_bias import draw_bias, draw_contour
from coresponder_causal.report.drawing_boundary import draw_boundary
from coresponder_causal.report.drawing_calendar import calendar_height, draw_calendar
from coresponder_causal.report.drawing_checks import draw_breaks, draw_placebos, draw_residuals, draw_support
from coresponder_causal.report.drawing_control import draw_control
from coresponder_causal.report.drawing_cost import draw_acceptability, draw_tornado, tornado_height
from coresponder_causal.report.drawing_course import draw_course
from coresponder_causal.report.drawing_deployment import draw_deployment
from coresponder_causal.report.drawing_estimates import draw_events, draw_forest, draw_love
from coresponder_causal.report.drawing_first_calls import draw_first_calls, first_calls_height
from coresponder_causal.report.drawing_funnel import draw_funnel, funnel_height
from coresponder_causal.report.drawing_graph import draw_graph
from coresponder_causal.report.drawing_groups import draw_groups
from coresponder_causal.report.drawing_hours import draw_hours
from coresponder_causal.report.drawing_hundred import draw_hundred, hundred_height
from coresponder_causal.report.drawing_improvements import draw_improvements, improvements_height
from coresponder_causal.report.drawing_incidence import draw_incidence
from coresponder_causal.report.drawing_instrument import draw_shares
from coresponder_causal.report.drawing_joint import draw_joint, joint_height
from coresponder_causal.report.drawing_ladder import draw_ladder, ladder_height
from coresponder_causal.report.drawing_logic import draw_logic
from coresponder_causal.report.drawing_metrics import draw_metrics, size_of
from coresponder_causal.report.drawing_power import draw_power
from coresponder_causal.report.drawing_quality import draw_quality, height_of
from coresponder_causal.report.drawing_saturation import draw_saturation
from coresponder_causal.report.drawing_specifications import draw_specifications, specifications_height
from coresponder_causal.report.drawing_treated import (
    draw_contacts,
    draw_drift,
    draw_treated,
    drift_height,
    treated_height,
)
from coresponder_causal.report.features_picture import draw_features, features_height
from coresponder_causal.report.growth_picture import draw_growth, growth_height
from coresponder_causal.report.specs import Picture
from coresponder_causal.report.tipping_picture import draw_tipping
from coresponder_causal.report.wave_picture import draw_waves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

style = Path(__file__).with_name("style.mplstyle")
on_axes: dict[str, Callable[[Axes, Picture], None]] = {
    "acceptability": draw_acceptability,
    "agreement": draw_first_calls,
    "answers": draw_answers,
    "bias": draw_bias,
    "boundary": draw_boundary,
    "bounds": draw_bounds,
    "breaks": draw_breaks,
    "calendar": draw_calendar,
    "contour": draw_contour,
    "course": draw_events,
    "donors": draw_donors,
    "events": draw_events,
    "features": draw_features,
    "forest": draw_forest,
    "funnel": draw_funnel,
    "gap": draw_course,
    "groups": draw_groups,
    "hundred": draw_hundred,
    "love": draw_love,
    "placebos": draw_placebos,
    "saturation": draw_saturation,
    "series": draw_course,
    "shares": draw_shares,
    "support": draw_support,
    "tipping": draw_tipping,
    "told": draw_first_calls,
    "tornado": draw_tornado,
    "treated": draw_treated,
    "waves": draw_waves,
}
"""What draws pictures of one frame."""
on_canvas: dict[str, Callable[[Figure, Picture], None]] = {
    "benefit": draw_benefit,
    "comparable": draw_comparable,
    "contacts": draw_contacts,
    "control": draw_control,
    "deployment": draw_deployment,
    "drift": draw_drift,
    "flow": draw_metrics,
    "growth": draw_growth,
    "heat": draw_quality,
    "hours": draw_hours,
    "improvements": draw_improvements,
    "incidence": draw_incidence,
    "joint": draw_joint,
    "ladder": draw_ladder,
    "multiples": draw_multiples,
    "power": draw_power,
    "rate": draw_quality,
    "rates": draw_metrics,
    "residuals": draw_residuals,
    "specifications": draw_specifications,
    "surface": draw_metrics,
    "trend": draw_metrics,
}
"""What draws pictures that lay out their own frames."""
framing_themselves: dict[str, Callable[..., None]] = {"logic": draw_logic, "graph": draw_graph}
"""What draws pictures that write their own title."""
by_rows: dict[str, tuple[float, Callable[[Picture], float]]] = {
    "agreement": (1.1, first_calls_height),
    "answers": (1.15, answers_height),
    "bounds": (1.15, bounds_height),
    "comparable": (1.4, comparable_height),
    "drift": (1.25, drift_height),
    "features": (1.15, features_height),
    "funnel": (1.0, funnel_height),
    "growth": (1.4, growth_height),
    "hundred": (1.0, hundred_height),
    "improvements": (1.2, improvements_height),
    "joint": (1.5, joint_height),
    "ladder": (1.5, ladder_height),
    "multiples": (1.4, multiples_height),
    "told": (1.1, first_calls_height),
    "tornado": (1.0, tornado_height),
    "treated": (1.25, treated_height),
}
"""Pictures whose height follows from their rows: their share of the usual width, and what tells the height."""
taller = {"control": (1.15, 0.6), "deployment": (1.0, 1.6), "hours": (1.0, 1.6), "incidence": (1.0, 0.7)}
"""Pictures of another size than usual: their share of the usual width, and inches added to its height."""
described = ("trend", "flow", "surface", "rates")
no_dates = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def drawn(picture: Picture, form: Literal["svg", "png", "pdf"], *, framed: bool = True) -> bytes:
    """Draw a picture.

    Parameters
    ----------
    picture : Picture
    form : {"svg", "png", "pdf"}
    framed : bool
        Whether title and caption are part of the picture. A page writes them itself and takes a smaller picture, whose
        letters can still be read on a phone.

    Returns
    -------
    bytes
        The file. The same picture gives the same bytes.
    """
    import matplotlib.style
    from matplotlib.figure import Figure

    with matplotlib.style.context(["default", style]):
        canvas = Figure(figsize=_size(picture, framed=framed))
        if picture.kind in framing_themselves:
            framing_themselves[picture.kind](canvas, picture, framed=framed)
        elif picture.kind in on_canvas:
            on_canvas[picture.kind](canvas, picture)
        else:
            on_axes[picture.kind](canvas.add_subplot(), picture)
        if framed and picture.kind not in framing_themselves:
            _frame(canvas, picture)
        target = io.BytesIO()
        canvas.savefig(target, format=form, metadata=no_dates[form])
    return target.getvalue()


def _size(picture: Picture, *, framed: bool) -> tuple[float, float]:
    """Width and height in inches, with room for title and caption where they are part of the picture."""
    wide, tall = (6.5, 4.5) if framed else (5.4, 3.3)
    if picture.kind in described:
        return size_of(picture, framed=framed)
    if picture.kind == "specifications":
        return wide, specifications_height(picture)
    if picture.kind in by_rows:
        share, height = by_rows[picture.kind]
        return share * wide, height(picture) + 1.0 * framed
    if picture.kind in taller:
        share, more = taller[picture.kind]
        return share * wide, tall + more
    if picture.kind == "calendar":
        tall = calendar_height(int(picture.labels.number("weeks")))
    rows = sum(len(picture.data[name]) for name in ("cities", "balance") if name in picture.data)
    return wide, height_of(picture) or tall + 0.2 * max(0, rows - 11)


def _frame(canvas: Figure, picture: Picture) -> None:
    """Title above and caption below, wrapped to the width of the figure."""
    canvas.suptitle(textwrap.fill(picture.title, 62), x=0.015, ha="left", fontsize=12, fontweight="bold")
    caption = textwrap.fill(picture.caption, 104)
    canvas.supxlabel(caption, x=0.015, ha="left", fontsize=8, color=grey)
