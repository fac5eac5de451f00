"""The few quantiles and tails that intervals and tests need, from scipy.special alone.

scipy.special loads in a fraction of scipy.stats' time, and only when a figure is first computed.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_NORMAL = NormalDist()


def tail(confidence: float) -> float:
    """The probability left outside each end of a two-sided interval: 0.025 for 0.95.

    Raises ValueError unless the confidence lies strictly between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1 (such as 0.95), not {confidence}")
    return (1 - confidence) / 2


def normal_quantile(probability: float) -> float:
    """The standard normal's quantile."""
    return _NORMAL.inv_cdf(probability)


def t_quantile(probability: float, df: float) -> float:
    """Student's t quantile; ``df`` > 0 need not be whole."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The Beta(a, b) quantile; 0 where a is 0, and 1 where b is 0 (the limits there)."""
    from scipy.special import betaincinv

    if a <= 0:
        return 0.0
    if b <= 0:
        return 1.0
    return float(betaincinv(a, b, probability))


def beta_quantiles(probabilities: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """As :func:`beta_quantile`, of many probabilities."""
    from scipy.special import betaincinv

    if a <= 0 or b <= 0:
        return np.full(len(probabilities), 0.0 if a <= 0 else 1.0)
    return np.asarray(betaincinv(a, b, probabilities))


def f_quantile(probability: float, df_above: float, df_below: float) -> float:
    """The quantile of F; neither number of degrees of freedom need be whole."""
    from scipy.special import fdtri

    return float(fdtri(df_above, df_below, probability))


def t_two_sided(statistic: float, df: float) -> float:
    """The probability of a t statistic at least so far from 0, either way."""
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(statistic)))


def binomial_at_most(successes: int, n: int, rate: float) -> float:
    """The probability of so many successes or fewer in n independent trials."""
    from scipy.special import bdtr

    return float(bdtr(successes, n, rate))


def log_choose(n: NDArray[np.float64], k: float) -> NDArray[np.float64]:
    """The logarithm of n over k, for each n >= k."""
    from scipy.special import gammaln

    return np.asarray(gammaln(n + 1) - gammaln(n - k + 1) - gammaln(k + 1))


def chi2_tail(statistic: float, df: float) -> float:
    """The probability of a chi-squared statistic at least so large."""
    from scipy.special import chdtrc

    return float(chdtrc(df, statistic))
