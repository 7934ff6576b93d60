"""Draws of errors that are related in time, without their covariance where it has a short form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
F = TypeVar("F", np.float32, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class SerialNoise:
    """Errors u = a + w: a an AR(1) process, w without memory.

    Parameters
    ----------
    persistent, white : float
        Variances of a and w.
    rho : float
        Correlation of a from one period to the next, within ±1.
    positions : ndarray, shape (n,)
        Integer positions in time, increasing.
    """

    persistent: float
    white: float
    rho: float
    positions: Array

    def among(self, rows: Mask) -> SerialNoise:
        """Keep the errors of some periods; ``rows`` has shape (n,)."""
        return replace(self, positions=self.positions[rows])

    def draw(self, normals: NDArray[F]) -> NDArray[F]:
        """Turn independent draws into errors, each given those before it: Kalman's filter run forwards.

        It is the product with the Cholesky factor of the covariance σ²_a ρ^|t_i − t_j| + σ²_w 1(i = j), in time that
        grows with n and not with n².

        Parameters
        ----------
        normals : ndarray, shape (n, draws)
            Independent, of variance 1.

        Returns
        -------
        ndarray, shape (n, draws)

        Examples
        --------
        >>> noise = SerialNoise(persistent=1.0, white=0.0, rho=0.6, positions=np.arange(3.0))
        >>> noise.draw(np.eye(3)).round(2).tolist()
        [[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.36, 0.48, 0.8]]
        """
        if not self.persistent:
            return sqrt(self.white) * normals
        found = np.empty_like(normals)
        expected, variance = np.zeros_like(normals[0]), self.persistent
        for row, faded in enumerate(self.rho ** np.diff(self.positions, append=np.inf)):
            spread = variance + self.white
            surprise = sqrt(spread) * normals[row]
            found[row] = expected + surprise
            expected = float(faded) * (expected + variance / spread * surprise)
            variance = float(faded) ** 2 * variance * self.white / spread + (1 - float(faded) ** 2) * self.persistent
        return found


def root(covariance: Array) -> Array:
    """Square root L of a covariance L L', which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), float)
