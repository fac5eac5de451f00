import subprocess
import sys

import assay.stats


def test_the_face_shows_what_it_lists_in_order():
    assert assay.stats.__all__ == sorted(assay.stats.__all__)
    assert all(hasattr(assay.stats, name) for name in assay.stats.__all__)


def test_nothing_heavy_is_imported_until_a_figure_is_computed():
    code = "import sys, assay.stats; print([m for m in sys.modules if m.split('.')[0] == 'scipy'])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_scipy_stats_is_never_imported():
    code = (
        "import sys; from assay.stats import *; rate(1, 5); paired([1, 0], [0, 1]);"
        "corrected_rate(Share(1, 5), Share(4, 5), Share(4, 5)); print('scipy.stats' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
