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
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.support import small_rows
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
            _freeze(self, name, shape)
        for name in ("set_low", "set_high"):
            _freeze(self, name, (k,))
        if self.placebo is not None:
            _freeze(self, "placebo", (k, *np.shape(self.placebo)[1:]))
        if self.crossings is not None:
            _freeze(self, "crossings", (k, np.shape(self.crossings)[1], 2))
        _freeze(self, "split", (k, 3))
        _freeze(self, "set_spread", (k, 2))
        if self.wild is not None:
            _freeze(self, "wild", (k, np.shape(self.wild)[1], 5))
        for name in ("terms", "support", "path", "cities"):
            frame = getattr(self, name)
            object.__setattr__(self, name, None if frame is None else frame.reset_index(drop=True).copy())
        _check(self)

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
        low, high = self._limits(std_error, level)
        columns = {
            "estimate": self._shown(self.estimate, scale),
            "std_error": std_error * self._slope(scale),
            "statistic": statistic,
            "p_value": self._p_values(statistic),
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
        if self.wild is not None:
            std_error = np.sqrt(np.diag(self.vcov))
            low, high = self._limits(std_error, level)
            return np.asarray(np.maximum(self.estimate - low, high - self.estimate) / std_error, float)
        if self.placebo is None:
            return inference.critical(self.df, level)
        return np.array([inference.rank_critical(row, level) for row in self.placebo])

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
        if w.shape != (len(terms), len(self.terms)):
            raise EstimationError(
                f"weights have shape {w.shape}, not {(len(terms), len(self.terms))}",
                mend="one row each, one column per term",
            )
        if self.kind == "set":
            raise EstimationError(f"{self.method} is a set: its bounds do not combine", mend="combine point estimates")
        own_tests = {"ranks among placebos": self.placebo, "randomization tests": self.crossings}
        for what, held in (own_tests | {"exact tests": self.split, "bootstrap tests": self.wild}).items():
            if held is not None:
                raise EstimationError(f"{what} do not combine", mend="ask for another inference")
        used = (w != 0).any(axis=0)
        if self.event_base is not None and np.any(np.isfinite(self.event_base) & used):
            raise EstimationError("terms in events do not combine with log ratios", mend="give them zero weight")
        influence = None if self.influence is None else self.influence.transform(w)
        vcov = _combined_vcov(w, self.vcov)
        if weight_influence is not None or weight_scores is not None:
            if influence is None:
                raise EstimationError(
                    f"{self.method} carries no influence functions", mend="combine with fixed weights"
                )
            influence = influence if weight_influence is None else influence.plus(weight_influence)
            influence = influence if weight_scores is None else influence.along(weight_scores)
            vcov = influence.gram() if influence.cluster is None else _clustered_gram(influence)
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

    def _limits(self, std_error: Array, level: float) -> tuple[Array, Array]:
        """Bounds of the terms on their own scale."""
        if self.crossings is not None:
            bounds = np.array([inference.randomization_interval(rows, level) for rows in self.crossings])
            return bounds[:, 0], bounds[:, 1]
        if self.split is not None:
            return inference.split_interval(self.split, level)
        if self.set_spread is not None:
            return inference.set_interval(self._ends(), self.set_spread, self.df, level)
        if self.wild is not None:
            pairs = zip(self.wild, self.estimate, strict=True)
            bounds = np.array([inference.wild_interval(rows, float(own), level) for rows, own in pairs])
            return bounds[:, 0], bounds[:, 1]
        half = self.critical(level) * std_error
        return self.estimate - half, self.estimate + half

    def _p_values(self, statistic: Array) -> Array:
        if self.crossings is not None:
            return np.array([inference.randomization_p_value(rows) for rows in self.crossings])
        if self.split is not None:
            return inference.split_p_value(self.split)
        if self.set_spread is not None:
            return inference.set_p_value(self._ends(), self.set_spread, self.df)
        if self.wild is not None:
            pairs = zip(self.wild, self.estimate, strict=True)
            return np.array([inference.wild_p_value(rows, float(own)) for rows, own in pairs])
        if self.placebo is None:
            return inference.p_value(statistic, self.df)
        return np.array([inference.rank_test(*pair).p_value for pair in zip(statistic, self.placebo, strict=True)])

    def _ends(self) -> Array:
        return np.column_stack([self.set_low, self.set_high])  # type: ignore[list-item]

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


def _freeze(result: Result, name: str, shape: tuple[int, ...]) -> None:
    """Replace an array field by a read-only copy of the stated shape: the caller's array stays writeable."""
    value = getattr(result, name)
    if value is None:
        return
    array = np.array(value, dtype=float)
    if array.shape != shape:
        raise EstimationError(f"{name} has shape {array.shape}, not {shape}", mend="give one value per term")
    array.setflags(write=False)
    object.__setattr__(result, name, array)


def _check(result: Result) -> None:
    """Refuse what must never be read as a number: no terms, non-finite estimates, negative variances."""
    if len(result.terms) == 0 or "term" not in result.terms:
        raise EstimationError(f"{result.method} has no terms", mend="name each estimate in a column 'term'")
    if result.kind == "set" and (result.set_low is None or result.set_high is None):
        raise EstimationError(f"{result.method} is a set without bounds", mend="give set_low and set_high")
    bad = ~np.isfinite(result.estimate) | ~(np.diag(result.vcov) >= 0) | ~(result.df > 0)
    if bad.any():
        names = ", ".join(map(str, result.terms.loc[bad, "term"]))
        raise EstimationError(
            f"{result.method} has no finite estimate, variance or df for {names}",
            mend="ask for terms the data support, or a longer series",
        )


def _combined_vcov(weights: Array, vcov: Array) -> Array:
    """W V W', NaN where a pair of terms is used whose covariance was not estimated."""
    unknown = np.isnan(vcov)
    combined = weights @ np.where(unknown, 0.0, vcov) @ weights.T
    used = (weights != 0).astype(float)
    return np.asarray(np.where(used @ unknown @ used.T > 0, np.nan, combined))


def _clustered_gram(influence: Influence) -> Array:
    sums = influence.by_cluster().to_numpy()
    return np.asarray(sums.T @ sums, float) / influence.n**2


def _without_digits(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the notes that say no number, and that others are left out: what all may see of a sensitive study."""
    kept = tuple(text for text in notes if not any(letter.isdigit() for letter in text))
    left_out = f"The study is sensitive: terms without many cases behind them, and {len(notes) - len(kept)} notes, "
    return (*kept, f"{left_out}are not shown here.")


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
