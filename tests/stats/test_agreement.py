import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from assay.stats import agreement, clustered_mean, krippendorff_alpha, rate

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=200)
# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: four raters, 12 units.
NAN = np.nan
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)


def table(both, first, second, neither):
    """Verdicts and truth of a two-by-two table."""
    cells = [both, first, second, neither]
    return np.repeat([1, 1, 0, 0], cells), np.repeat([1, 0, 1, 0], cells)


def test_the_prevalence_paradox():
    # Feinstein and Cicchetti (1990), Journal of Clinical Epidemiology 43:543: the same agreement of
    # 85%, kappa 0.70 and 0.32. Gwet's AC1 is 0.70 and 0.81.
    for cells, kappa, ac1 in (((40, 9, 6, 45), 0.70, 0.70), ((80, 10, 5, 5), 0.32, 0.81)):
        found = agreement(*table(*cells))
        assert found.agreement.estimate == pytest.approx(0.85)
        assert found.kappa.estimate == pytest.approx(kappa, abs=0.005)
        assert found.ac1.estimate == pytest.approx(ac1, abs=0.005)


@given(pairs)
def test_kappa_agrees_with_statsmodels(labels):
    x, y = np.array(labels).T
    found = agreement(x, y)
    counts = np.zeros((4, 4))
    np.add.at(counts, (x, y), 1)
    if found.kappa is None:
        assert len(np.unique([x, y])) == 1
    else:
        expected = cohens_kappa(counts, return_results=False)
        assert found.kappa.estimate == pytest.approx(expected)


def test_kappas_width_is_statsmodels_in_large_samples():
    x, y = table(400, 150, 100, 350)
    counts = np.array([[350, 100], [150, 400]])
    found, expected = agreement(x, y).kappa, cohens_kappa(counts)
    assert found.width / 2 == pytest.approx(1.96 * expected.std_kappa, rel=0.02)


@given(pairs)
def test_a_coefficient_lies_in_its_interval_below_1_with_some_width(labels):
    x, y = np.array(labels).T
    for found in (agreement(x, y).kappa, agreement(x, y).ac1):
        if found is not None:
            assert found.low <= found.estimate + 1e-9
            assert found.estimate - 1e-9 <= found.high <= 1
            assert found.width > 0


def test_full_agreement_is_no_certainty():
    found = agreement([1, 0] * 30, [1, 0] * 30)
    assert found.kappa.estimate == found.ac1.estimate == 1
    assert found.kappa.low == pytest.approx(1 - rate(0, 60).high / 0.5)


def test_one_label_leaves_kappa_undefined():
    found = agreement(["no"] * 5, ["no"] * 5)
    assert found.kappa is None
    assert found.ac1 is None
    assert found.constant == 1


def test_the_constant_guesser():
    found = agreement(*table(5, 3, 5, 87))
    assert found.constant == pytest.approx(0.90)
    always = agreement(np.zeros(100, dtype=int), table(5, 3, 5, 87)[1])
    assert always.kappa.estimate == pytest.approx(0, abs=1e-12)
    assert found.constant_ac1 == pytest.approx(always.ac1.estimate)


def test_precision_and_recall_by_class():
    x, y = table(8, 2, 4, 86)
    report = {row.label: row for row in agreement(x, y).classes}
    assert (report[1].given, report[1].true) == (10, 12)
    assert report[1].precision.low == rate(8, 10).low
    assert report[1].recall.high == rate(8, 12).high
    assert agreement(["a"], ["b"]).classes[0].recall is None


def test_clusters_reach_every_interval():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(50), 8)
    y = np.repeat(rng.integers(0, 2, 50), 8)
    x = np.where(np.repeat(rng.random(50) < 0.3, 8), 1 - y, y)
    alone, together = agreement(x, y), agreement(x, y, clusters=groups)
    assert together.kappa.width > 2 * alone.kappa.width
    assert together.ac1.clusters == 50
    hits = np.bincount(groups, (x == y) & (y == 1))
    expected = clustered_mean(hits, np.bincount(groups, y == 1), binary=True)
    recall = {row.label: row.recall for row in together.classes}[1]
    assert (recall.low, recall.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_of_krippendorffs_example(level, published):
    assert krippendorff_alpha(PUBLISHED, level=level).estimate == pytest.approx(published, abs=5e-4)


@given(
    st.lists(
        st.lists(st.sampled_from([1, 2, 3, 4, NAN]), min_size=3, max_size=3),
        min_size=2,
        max_size=40,
    ),
    st.sampled_from(["nominal", "ordinal", "interval"]),
)
def test_alpha_agrees_with_the_krippendorff_library(units, level):
    ratings = np.array(units).T
    try:
        found = krippendorff_alpha(ratings, level=level)
    except ValueError:
        return
    expected = krippendorff.alpha(ratings, level_of_measurement=level)
    assert found.estimate == pytest.approx(expected)
    assert found.low <= found.estimate + 1e-9
    assert found.estimate - 1e-9 <= found.high <= 1


@pytest.mark.parametrize(
    "ratings", [[1, 2], [[1, NAN], [NAN, 1]], [[1, 1, 1], [1, 1, 1]], [[1], [2]]]
)
def test_alpha_undefined_is_refused(ratings):
    with pytest.raises(ValueError):
        krippendorff_alpha(ratings)


def test_unknown_levels_and_lengths_are_refused():
    with pytest.raises(ValueError, match="level"):
        krippendorff_alpha(PUBLISHED, level="ratio")
    with pytest.raises(ValueError, match="same length"):
        agreement([1], [1, 0])


def coefficients(prevalence, se, sp):
    """The true kappa and AC1 of a scorer with such errors."""
    flagged = prevalence * se + (1 - prevalence) * (1 - sp)
    seen, middle = prevalence * se + (1 - prevalence) * sp, (flagged + prevalence) / 2
    by_kappa = flagged * prevalence + (1 - flagged) * (1 - prevalence)
    by_ac1 = 2 * middle * (1 - middle)
    return (seen - by_kappa) / (1 - by_kappa), (seen - by_ac1) / (1 - by_ac1)


@pytest.mark.parametrize("prevalence", [0.02, 0.1, 0.5])
@pytest.mark.parametrize(("n", "size"), [(100, 1), (300, 5)])
def test_coverage_of_kappa_and_ac1(prevalence, n, size):
    """300 samples, Se .9, Sp .98, correlated errors in clusters; Monte Carlo error 1.3 points."""
    rng = np.random.default_rng([n, int(100 * prevalence)])
    kappa, ac1 = coefficients(prevalence, 0.9, 0.98)
    groups = np.arange(n) // size
    held = []
    for _ in range(300):
        true = (rng.random(n // size) < prevalence)[groups]
        share = (
            (rng.beta(9, 1, n // size), rng.beta(9.8, 0.2, n // size)) if size > 1 else (0.9, 0.98)
        )
        hit, passed = (np.broadcast_to(s, n // size)[groups] for s in share)
        given_ = np.where(true, rng.random(n) < hit, rng.random(n) >= passed)
        found = agreement(given_, true, clusters=groups)
        if found.kappa is not None:
            held.append(
                [
                    found.kappa.low <= kappa <= found.kappa.high,
                    found.ac1.low <= ac1 <= found.ac1.high,
                ]
            )
    assert np.all(np.mean(held, axis=0) >= 0.91)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
@pytest.mark.parametrize(("units", "noise"), [(50, 0.1), (300, 0.4)])
def test_coverage_of_alpha(level, units, noise):
    """300 samples of three raters' grades; the truth from 60,000 units; error 1.3 points."""

    def grades(rng, n):
        true = rng.integers(1, 6, n)
        off = np.where(rng.random((3, n)) < noise, rng.integers(-2, 3, (3, n)), 0)
        return np.clip(true + off, 1, 5).astype(float)

    rng = np.random.default_rng([units, int(10 * noise)])
    truth = krippendorff.alpha(grades(rng, 60_000), level_of_measurement=level)
    found = [krippendorff_alpha(grades(rng, units), level=level) for _ in range(300)]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.91
