"""The greatest likelihood over parameters that are all positive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from loyalcore.scoring import CannotScore

Floats = NDArray[np.float64]
Likelihood = Callable[[Floats], tuple[float, Floats]]
"""The mean log-likelihood for these parameters, and its gradient."""

WIDEST = 12.0  # of the logarithm: a parameter beyond e^12 means that there is no maximum
FLAT = 1e-4  # of the gradient by the logarithms, where the mean log-likelihood is greatest


def maximise(likelihood: Likelihood, start: Floats, what: str) -> Floats:
    """The parameters of greatest likelihood, sought from `start` on.

    They are sought by their logarithms, so that they stay positive, and on their gradient, so
    that the same figures come out on every machine but for the last digits. Raises CannotScore
    where there is no maximum within reason: the data is not of `what`.
    """

    def loss(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, gradient = likelihood(parameters)
        return -value, -gradient * parameters

    found = minimize(
        loss,
        np.log(start),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-WIDEST, WIDEST)] * len(start),
        options={"maxiter": 2_000, "ftol": 1e-15, "gtol": 1e-8},
    )
    logs = np.asarray(found.x, dtype=np.float64)
    slope = loss(logs)[1]
    if not np.all(np.isfinite(logs)) or np.max(np.abs(slope)) > FLAT or np.max(abs(logs)) >= WIDEST:
        raise CannotScore(f"the purchases don't look like {what}: no best parameters were found")
    return np.exp(logs)
