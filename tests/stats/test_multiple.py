import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from assay.stats import benjamini_hochberg, holm

many = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@settings(max_examples=20)  # statsmodels takes an eighth of a second for each
@given(many)
def test_holm_agrees_with_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


@given(many)
def test_benjamini_hochberg_agrees_with_statsmodels(p_values):
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert benjamini_hochberg(p_values) == pytest.approx(expected)


@given(many)
def test_an_adjusted_p_value_is_never_smaller_and_holms_is_the_stricter(p_values):
    flagged, claimed = benjamini_hochberg(p_values), holm(p_values)
    assert np.all(flagged >= np.array(p_values) - 1e-15)
    assert np.all(claimed >= flagged - 1e-12)


def test_benjamini_and_hochbergs_example():
    # Benjamini and Hochberg (1995), section 3.2: at 0.05 Bonferroni and Holm claim 3 of these 15,
    # their procedure 4.
    p_values = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
    assert np.sum(holm(p_values) <= 0.05) == 3
    assert np.sum(benjamini_hochberg(p_values) <= 0.05) == 4


def test_none_are_none_and_impossible_ones_are_refused():
    assert len(holm([])) == 0
    for wrong in ([1.5], [-0.1], [np.nan], [[0.1]]):
        with pytest.raises(ValueError, match="p-values"):
            holm(wrong)
