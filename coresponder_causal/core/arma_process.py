"""An ARMA process: its orders, its parameters as they are searched for, and its autocovariances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, lfiltic

Array = NDArray[np.float64]


class Order(NamedTuple):
    """Orders of an ARIMA model: (p, d, q) and, with ``season`` periods to the year, (P, D, Q)."""

    p: int
    d: int
    q: int
    P: int = 0
    D: int = 0
    Q: int = 0
    season: int = 1

    @property
    def parameters(self) -> int:
        """Number of ARMA parameters."""
        return self.p + self.q + self.P + self.Q

    @property
    def lost(self) -> int:
        """Periods that differencing takes."""
        return self.d + self.D * self.season

    def __str__(self) -> str:
        plain = f"({self.p},{self.d},{self.q})"
        return f"{plain}({self.P},{self.D},{self.Q})[{self.season}]" if self.P + self.D + self.Q else plain


def differenced(values: Array, order: Order) -> Array:
    """Differences along the first axis: d times by one period, D times by a season."""
    values = np.diff(values, n=order.d, axis=0)
    for _ in range(order.D):
        values = values[order.season :] - values[: -order.season]
    return values


def autocovariances(ar: Array, ma: Array, lags: int) -> Array:
    """Autocovariances 0 to ``lags`` of an ARMA process with innovations of variance one.

    Parameters
    ----------
    ar, ma : ndarray
        Coefficients φ_1, … and θ_1, …
    lags : int

    References
    ----------
    Brockwell & Davis (1991), section 3.3: the Yule–Walker equations with the moving average on their right side.

    Examples
    --------
    >>> autocovariances(np.array([0.5]), np.array([]), 2).round(3).tolist()
    [1.333, 0.667, 0.333]
    """
    m = max(len(ar), len(ma))
    a, b = np.append(1.0, -ar), np.append(1.0, ma)
    impulse = lfilter(b, a, np.eye(1, len(b))[0])
    right = np.array([b[k:] @ impulse[: max(len(b) - k, 0)] for k in range(m + 1)])
    matrix = np.zeros((m + 1, m + 1))
    rows = np.arange(m + 1)
    for i in np.flatnonzero(a):
        matrix[rows, np.abs(rows - i)] += a[i]
    first = np.linalg.solve(matrix, right)
    if lags <= m:
        return np.asarray(first[: lags + 1], float)
    after, _ = lfilter([1.0], a, np.zeros(lags - m), zi=lfiltic([1.0], a, first[::-1][: len(a) - 1]))
    return np.concatenate([first, after])


def names(order: Order) -> list[str]:
    """Names of the parameters in the order in which they are searched for."""
    kinds = zip(("ar", "ma", "sar", "sma"), (order.p, order.q, order.P, order.Q), strict=True)
    return [f"{kind}{i + 1}" for kind, number in kinds for i in range(number)]


def partials_of(x: Array) -> Array:
    """Partial autocorrelations, between −1 and 1, of unbounded parameters."""
    return np.asarray(x / np.sqrt(1 + x**2), float)


def coefficients(x: Array, order: Order) -> tuple[Array, Array, dict[str, float]]:
    """Coefficients of the whole polynomials, seasons multiplied in, and those of the parts by name.

    Parameters
    ----------
    x : ndarray, shape (order.parameters,)
        Unbounded, so that every value is a stationary and invertible process.
    order : Order

    Returns
    -------
    ar, ma : ndarray
        As `autocovariances` takes them.
    named : dict of str to float

    References
    ----------
    Monahan (1984), doi:10.1093/biomet/71.2.403.

    Examples
    --------
    >>> ar, ma, named = coefficients(np.array([0.75, 0.75]), Order(1, 0, 0, 1, 0, 0, 2))
    >>> ar.round(2).tolist(), ma.tolist(), named
    ([0.6, 0.6, -0.36], [], {'ar1': 0.6, 'sar1': 0.6})
    """
    cuts = np.cumsum([order.p, order.q, order.P])
    ar, ma, sar, sma = (_stationary(part) for part in np.split(partials_of(x), cuts))
    named = dict(zip(names(order), map(float, np.concatenate([ar, -ma, sar, -sma])), strict=True))
    return *whole(named, order), named


def whole(named: Mapping[str, float], order: Order) -> tuple[Array, Array]:
    """Coefficients of the whole polynomials from those of the parts, as `coefficients` names them.

    Examples
    --------
    >>> whole({"ar1": 0.6, "sar1": 0.6}, Order(1, 0, 0, 1, 0, 0, 2))[0].round(2).tolist()
    [0.6, 0.6, -0.36]
    """
    cuts = np.cumsum([order.p, order.q, order.P])
    ar, ma, sar, sma = np.split(np.array([named[name] for name in names(order)], float), cuts)
    return _product(ar, sar, order.season), -_product(-ma, -sma, order.season)


def _product(plain: Array, seasonal: Array, season: int) -> Array:
    """Coefficients c of 1 − c(B) = (1 − plain(B))(1 − seasonal(B^season))."""
    spread = np.zeros(len(seasonal) * season + 1)
    spread[0] = 1.0
    spread[season::season] = -seasonal
    return -np.convolve(np.append(1.0, -plain), spread)[1:]


def _stationary(partials: Array) -> Array:
    """Coefficients of the autoregression with these partial autocorrelations (Monahan 1984)."""
    phi: Array = np.zeros(0)
    for r in partials:
        phi = np.append(phi - r * phi[::-1], r)
    return phi
