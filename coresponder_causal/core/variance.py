"""How a covariance depends on its estimated variance parameters, so that every contrast gets its own df."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class VarianceRecord:
    """The derivative of a covariance in its variance parameters, and their information.

    Parameters
    ----------
    gradient : ndarray, shape (p, k, k)
        ∂V/∂θ for each of the p variance parameters that are estimated inside their bounds.
    information : ndarray, shape (p, p)
        Expected (REML) information of θ.
    ceiling : float
        Largest admissible df, usually n − rank(X).

    References
    ----------
    Satterthwaite (1946), doi:10.2307/3002019; Fai & Cornelius (1996), doi:10.1080/00949659608811740.
    """

    gradient: Array
    information: Array
    ceiling: float

    def df(self, contrast: Array, vcov: Array) -> float:
        """Satterthwaite degrees of freedom 2v²/(g'I⁻¹g) of ``contrast'β``, kept within [1, ceiling]."""
        variance = float(contrast @ vcov @ contrast)
        slope = np.einsum("i,pij,j->p", contrast, self.gradient, contrast)
        spread = float(slope @ np.linalg.solve(self.information, slope))
        if not spread > 0:
            return float(self.ceiling)
        return float(np.clip(2 * variance**2 / spread, 1.0, self.ceiling))

    def transform(self, weights: Array) -> "VarianceRecord":
        """Return the record of ``weights @ β`` (weights: (q, k))."""
        gradient = np.einsum("ai,pij,bj->pab", weights, self.gradient, weights)
        return VarianceRecord(gradient=gradient, information=self.information, ceiling=self.ceiling)

    def plus(self, gradient: Array, information: float) -> "VarianceRecord":
        """Return the record of a covariance with one more variance parameter, estimated apart from the others.

        Parameters
        ----------
        gradient : ndarray, shape (k, k)
            ∂V/∂θ of the new parameter.
        information : float
            Its information.
        """
        p = len(self.information)
        joint = np.zeros((p + 1, p + 1))
        joint[:p, :p], joint[p, p] = self.information, information
        return VarianceRecord(
            gradient=np.concatenate([self.gradient, gradient[None]]), information=joint, ceiling=self.ceiling
        )
