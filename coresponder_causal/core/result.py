"""The one result: what every estimator returns, whatever its design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from html import escape
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import broom, inference, serialise
from coresponder_causal.core.combining import clustered_gram, combined_vcov, require_combinable
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.support import small_rows
from coresponder_causal.core.term_inference import half_widths, limits, p_values
from coresponder_causal.core.term_numbers import freeze, require_numbers
from coresponder_causal.core.variance import VarianceRecord

Array = NDArray[np.float64]
Scale = Literal["difference", "log_ratio"]
Kind = Literal["point", "set"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Result:
    """Estimates of k terms with everything needed to read, test, combine, draw and release them.

    Parameters
    ----------
    method : str
        Name of the estimator.
    estimand : Estimand
        What is estimated.
    terms : DataFrame, k rows
        Keys of the terms; one column is called ``term``. The first row is the headline.
    estimate : ndarray, shape (k,)
        Estimates on ``scale``.
    vcov : ndarray, shape (k, k)
        Their covariance; NaN off the diagonal where the covariance of two terms was not estimated, so that combining
        them is an error.
    df : ndarray, shape (k,)
        Degrees of freedom per term; ``inf`` is the normal.
    scale : {"difference", "log_ratio"}
        Scale of ``estimate``.
    kind : {"point", "set"}
        Sets carry their bounds in ``set_low`` and ``set_high``; their estimate is the middle.
    set_spread : ndarray, shape (k, 2), optional
        Standard errors of both bounds: p-values and intervals are then those of the value in the set, see
        `coresponder_causal.core.inference.set_interval`.
    event_base : ndarray, shape (k,), optional
        Finite where a log ratio g of a number of events to a known number ``b`` is shown in events, ``b (exp(g) − 1)``.
    placebo : ndarray, shape (k, m), optional
        Statistics of m units without the treatment, over the standard error of the term: p-values are then rank tests
        among them and intervals what these do not reject.
    crossings : ndarray, shape (k, B, 2), optional
        Lower and upper values of a term between which each of B redraws of the treatment is at least as extreme as the
        observed one: p-values and intervals are then those of the randomization test. NaN where a term has fewer.
    split : ndarray, shape (k, 3), optional
        Events after and before the start, over their dispersion, and the ratio of exposures, of log ratios of two
        rates: p-values and intervals are then those of the exact test given all events.
    wild : ndarray, shape (k, 1 + B, 5), optional
        How the t statistics of B wild bootstrap samples depend on the tested value, see
        `coresponder_causal.core.wild_bootstrap`: p-values and intervals are then those of the bootstrap.
    variance_record : VarianceRecord, optional
        How ``vcov`` moves with its variance parameters: `combine` gives new contrasts their own df with it.
    influence : Influence, optional
        Lazy influence functions; unit labels travel with them.
    support : DataFrame, optional
        Persons, events and units behind each term (columns ``term, persons, events, units``).
    path : DataFrame, optional
        ``time, observed, counterfactual, low, high`` and the events behind each row.
    cities : DataFrame, optional
        One row per city behind a comparison: ``city, role, effect, std_error, df, events``.
    n_obs, n_units : int
        Rows and units used.
    extra : Facts
        Small facts: rho, nugget, tau, kind of interval, p floor.
    notes : tuple of str
        What must be read beside the number.
    provenance : Provenance
        Data fingerprint, options, version, seed.

    Examples
    --------
    >>> about = Estimand(contrast="ATT", outcome="calls", treatment="0 to 70 hours", population="one city",
    ...                  horizon="30 months", scale="ratio of rates")
    >>> r = Result(method="example", estimand=about, terms=pd.DataFrame({"term": ["mean_post"]}),
    ...            estimate=np.array([-0.2]), vcov=np.array([[0.01]]), df=np.array([9.0]), scale="log_ratio",
    ...            n_obs=72, n_units=11)
    >>> print(r.tidy(scale="ratio")[["term", "estimate", "conf_low", "conf_high"]].round(3).to_string(index=False))
         term  estimate  conf_low  conf_high
    mean_post     0.819     0.653      1.027
    """

    method: str
    estimand: Estimand
    terms: pd.DataFrame
    estimate: Array
    vcov: Array
    df: Array
    scale: Scale
    n_obs: int
    n_units: int
    kind: Kind = "point"
    set_low: Array | None = None
    set_high: Array | None = None
    set_spread: Array | None = None
    event_base: Array | None = None
    placebo: Array | None = None
    crossings: Array | None = None
    split: Array | None = None
    wild: Array | None = None
    variance_record: VarianceRecord | None = None
    influence: Influence | None = None
    support: pd.DataFrame | None = None
    path: pd.DataFrame | None = None
    cities: pd.DataFrame | None = None
    extra: Facts = field(default_factory=Facts)
    notes: tuple[str, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        k = len(self.terms)
        for name, shape in (("estimate", (k,)), ("vcov", (k, k)), ("df", (k,)), ("event_base", (k,))):
            freeze(self, name, shape)
        for name in ("set_low", "set_high"):
            freeze(self, name, (k,))
        if self.placebo is not None:
            freeze(self, "placebo", (k, *np.shape(self.placebo)[1:]))
        if self.crossings is not None:
            freeze(self, "crossings", (k, np.shape(self.crossings)[1], 2))
        freeze(self, "split", (k, 3))
        freeze(self, "set_spread", (k, 2))
        if self.wild is not None:
            freeze(self, "wild", (k, np.shape(self.wild)[1], 5))
        for name in ("terms", "support", "path", "cities"):
            frame = getattr(self, name)
            object.__setattr__(self, name, None if frame is None else frame.reset_index(drop=True).copy())
        require_numbers(self)

    def __reduce__(self) -> tuple[Callable[..., Result], tuple[dict[str, Any]]]:
        return _remade, ({f.name: getattr(self, f.name) for f in fields(self)},)

    def tidy(
        self, *, level: float = 0.95, scale: Literal["ratio"] | None = None, names: broom.Names | None = None
    ) -> pd.DataFrame:
        """One row per term: the keys, ``term, estimate, std_error, statistic, p_value, conf_low, conf_high``.

        Parameters
        ----------
        level : float
            Confidence level.
        scale : {"ratio"}, optional
            ``"ratio"`` exponentiates log ratios and their bounds; standard errors by the delta method.
        names : {"broom"}, optional
            ``"broom"`` gives the columns their names in R: ``term, estimate, std.error, statistic, p.value, conf.low,
            conf.high``, and ``band.low, set.low`` and the like; keys keep theirs.

        Returns
        -------
        DataFrame
            Joint bands add ``band_low, band_high`` (at the level of ``extra["critical_value"]``), sets
            ``set_low, set_high``. Terms in events (see ``event_base``) are in events on either scale.

        Raises
        ------
        EstimationError
            If the level is not between 0 and 1, scale or names are unknown, or a ratio is asked of a difference.
        """
        if not 0 < level < 1 or scale not in (None, "ratio") or names not in (None, "broom"):
            raise EstimationError(
                f"level={level!r}, scale={scale!r} and names={names!r} cannot be shown",
                mend="give a level between 0 and 1, e.g. 0.95, scale='ratio' or none, and names='broom' or none",
            )
        if scale == "ratio" and self.scale != "log_ratio":
            raise EstimationError(
                f"{self.method} estimates a difference, not a ratio", mend="use tidy() without scale="
            )
        std_error = np.sqrt(np.diag(self.vcov))
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = self.estimate / std_error
        low, high = limits(self, std_error, level)
        columns = {
            "estimate": self._shown(self.estimate, scale),
            "std_error": std_error * self._slope(scale),
            "statistic": statistic,
            "p_value": p_values(self, statistic),
            "conf_low": self._shown(low, scale),
            "conf_high": self._shown(high, scale),
        }
        joint = self.extra.number("critical_value")
        if np.isfinite(joint) and level == self.extra.get("band_level", level):
            columns["band_low"] = self._shown(self.estimate - joint * std_error, scale)
            columns["band_high"] = self._shown(self.estimate + joint * std_error, scale)
        if self.kind == "set" and self.set_low is not None and self.set_high is not None:
            columns |= {"set_low": self._shown(self.set_low, scale), "set_high": self._shown(self.set_high, scale)}
        keys = [column for column in self.terms if column != "term"]
        table = pd.concat([self.terms[[*keys, "term"]], pd.DataFrame(columns)], axis=1)
        return table.rename(columns=broom.columns) if names else table

    def critical(self, level: float = 0.95) -> Array:
        """Half-widths of the terms' intervals in standard errors, shape (k,); of a bootstrap's the wider half."""
        return half_widths(self, level)

    def glance(self, *, names: broom.Names | None = None) -> pd.DataFrame:
        """One row about the fit: method, estimand, sizes, the small facts of ``extra`` and the number of notes.

        Parameters
        ----------
        names : {"broom"}, optional
            ``"broom"`` calls the rows used ``nobs``, as R does.
        """
        about = {
            "method": self.method,
            "contrast": self.estimand.contrast,
            "outcome": self.estimand.outcome,
            "n_obs": self.n_obs,
            "n_units": self.n_units,
            "scale": self.scale,
        }
        row = pd.DataFrame([about | dict(self.extra) | {"notes": len(self.notes)}])
        return row.rename(columns=broom.columns) if names else row

    def combine(
        self,
        weights: Array,
        terms: pd.DataFrame,
        *,
        weight_influence: Array | None = None,
        weight_scores: Array | None = None,
    ) -> Self:
        """Linear combinations ``weights @ estimate`` as a result of its own.

        Parameters
        ----------
        weights : ndarray, shape (q, k)
        terms : DataFrame, q rows
            Keys of the combinations, with a column ``term``.
        weight_influence : ndarray, shape (n, q), optional
            Influence of estimated weights, added to that of the estimates (Callaway & Sant'Anna 2021, section 4.3).
        weight_scores : ndarray, shape (p, q), optional
            The same where it is made of the scores of the influence: ``influence.left @ weight_scores``.

        Raises
        ------
        EstimationError
            If the weights do not fit, a weighted term is shown in events, the result is a set, or weight influence is
            given where the result has no influence.

        References
        ----------
        Callaway & Sant'Anna (2021), doi:10.1016/j.jeconom.2020.12.001.
        """
        w = np.atleast_2d(np.asarray(weights, float))
        require_combinable(self, w, terms)
        influence = None if self.influence is None else self.influence.transform(w)
        vcov = combined_vcov(w, self.vcov)
        if weight_influence is not None or weight_scores is not None:
            if influence is None:
                raise EstimationError(
                    f"{self.method} carries no influence functions", mend="combine with fixed weights"
                )
            influence = influence if weight_influence is None else influence.plus(weight_influence)
            influence = influence if weight_scores is None else influence.along(weight_scores)
            vcov = influence.gram() if influence.cluster is None else clustered_gram(influence)
        return replace(
            self,
            terms=terms,
            estimate=w @ self.estimate,
            vcov=vcov,
            df=self._combined_df(w),
            event_base=None,
            variance_record=None if self.variance_record is None else self.variance_record.transform(w),
            influence=influence,
            support=None,
            path=None,
            extra=Facts({key: value for key, value in self.extra.items() if key != "critical_value"}),
        )

    def wald(self, terms: list[str] | None = None) -> inference.WaldTest:
        """Joint F test that the named terms (default: all not in events) are zero, at their smallest df."""
        events = np.zeros(len(self.terms), bool) if self.event_base is None else np.isfinite(self.event_base)
        unknown = sorted(set(terms or ()) - set(self.terms["term"]))
        if unknown:
            raise EstimationError(f"no terms {', '.join(unknown)}", mend=f"choose from {', '.join(self.terms['term'])}")
        chosen = ~events if terms is None else self.terms["term"].isin(terms).to_numpy()
        vcov = self.vcov[np.ix_(chosen, chosen)]
        if not chosen.any() or not np.isfinite(vcov).all():
            names = ", ".join(map(str, self.terms.loc[chosen, "term"])) or "no term"
            raise EstimationError(f"no joint covariance was estimated for {names}", mend="test the terms one by one")
        return inference.wald_test(self.estimate[chosen], vcov, float(self.df[chosen].min()))

    def public(self) -> Self:
        """Return the same without rows and labels of units, periods and cities; what stands behind the terms stays.

        Whether the terms themselves may leave depends on that support: `coresponder_causal.report.write` decides.
        """
        return replace(self, influence=None, path=None, cities=None)

    def to_json(self) -> str:
        """JSON text from which `from_json` makes the same result, influence left out."""
        return serialise.dumps(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the result written by `to_json`."""
        return cls(**serialise.loads(text))

    @property
    def params(self) -> pd.Series:
        """Estimates by term."""
        return self._by_term("estimate")

    @property
    def bse(self) -> pd.Series:
        """Standard errors by term."""
        return self._by_term("std_error")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values by term."""
        return self._by_term("p_value")

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Confidence bounds by term (columns ``conf_low, conf_high``)."""
        return self.tidy(level=level).set_index("term")[["conf_low", "conf_high"]]

    def summary(self) -> str:
        """Text: what was estimated, the terms, the facts of the fit, the notes."""
        facts = ", ".join(f"{key} = {_plain(value)}" for key, value in self.extra.items())
        lines = [f"{self.method}: {self.estimand}", "", self._table(), "", f"{self.n_obs} rows, {self.n_units} units"]
        return "\n".join(lines + ([facts] if facts else []) + [f"note: {text}" for text in self.notes])

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.method} · {self.estimand.outcome} ({self.scale})\n{self._table()}"

    def _repr_html_(self) -> str:
        shown, said = self.tidy(), self.notes
        if self.provenance.sensitive:
            shown, said = shown[self.many_behind()], _without_digits(said)
        notes = "".join(f"<li>{escape(text)}</li>" for text in said)
        table = shown.to_html(index=False, float_format=lambda value: f"{value:.4g}", border=0)
        return f"<p><b>{escape(self.method)}</b>: {escape(str(self.estimand))}</p>{table}<ul>{notes}</ul>"

    def many_behind(self) -> NDArray[np.bool_]:
        """Terms of which it is known that no small count stands behind them, shape (k,)."""
        small = small_rows(self.support)
        return ~small if len(small) == len(self.terms) else np.zeros(len(self.terms), bool)

    def _table(self) -> str:
        return str(self.tidy().to_string(index=False, float_format=lambda value: f"{value:.4g}"))

    def _by_term(self, column: str) -> pd.Series:
        return self.tidy().set_index("term")[column]

    def _combined_df(self, weights: Array) -> Array:
        if self.variance_record is None:
            return np.array([self.df[row != 0].min() if (row != 0).any() else np.inf for row in weights])
        return np.array([self.variance_record.df(row, self.vcov) for row in weights])

    def _shown(self, values: Array, scale: str | None) -> Array:
        shown = np.exp(values) if scale == "ratio" else values
        if self.event_base is None:
            return shown
        return np.where(np.isfinite(self.event_base), self.event_base * np.expm1(values), shown)

    def _slope(self, scale: str | None) -> Array:
        slope = np.exp(self.estimate) if scale == "ratio" else np.ones(len(self.estimate))
        if self.event_base is None:
            return slope
        return np.where(np.isfinite(self.event_base), self.event_base * np.exp(self.estimate), slope)


def _remade(content: dict[str, Any]) -> Result:
    """Make a pickled result again, its arrays read-only as before."""
    return Result(**content)


def _without_digits(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the notes that say no number, and that others are left out: what all may see of a sensitive study."""
    kept = tuple(text for text in notes if not any(letter.isdigit() for letter in text))
    left_out = f"The study is sensitive: terms without many cases behind them, and {len(notes) - len(kept)} notes, "
    return (*kept, f"{left_out}are not shown here.")


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
