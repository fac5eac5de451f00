"""Numbers are read in one fixed way, whatever the country."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.scorers.numbers import last_number, number_of, readings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1,234,567.89", "1234567.89"),
        ("1.234.567", "1234567"),
        ("1,234", "1234"),
        ("1234,567", "1234.567"),
        ("3,14", "3.14"),
        ("0,125", "0.125"),
        ("1.234", "1.234"),
        ("10 000", "10000"),
        ("1\u00a0234,5", "1234.5"),
        ("12'345", "12345"),
        ("1_000_000", "1000000"),
        ("1,23,456", "123456"),
        ("-5", "-5"),
        ("\u22125", "-5"),
        ("x=-3", "-3"),
        ("-$5", "-5"),
        ("pages 10-20", "20"),
        ("GPT-4", "4"),
        (".5", "0.5"),
        ("2e-3", "0.002"),
        ("2 x 10^-3", "0.002"),
        ("2\u00d710\u207b\u00b3", "0.002"),
        ("4 \u00b7 10\u00b2", "400"),
        ("3 x 10", "10"),
        ("\u0663\u066b\u0665", "3.5"),
        ("\u0967\u0968\u0969", "123"),
        ("\uff11\uff12", "12"),
        ("1,2,3", "3"),
        ("12.05.2024", "2024"),
        ("the answer is 42.", "42"),
        (r"\boxed{42}", "42"),
        ("**1,000**", "1000"),
        ("答案是42。", "42"),
        ("5kg", "5"),
    ],
)
def test_reads(text: str, value: str) -> None:
    found = last_number(text)
    assert found is not None
    assert found.value == Decimal(value)


@pytest.mark.parametrize("text", ["", "none", "H2O", "B12", "1e99999", "9" * 500, "twelve", "½"])
def test_reads_no_number(text: str) -> None:
    assert last_number(text) is None


def test_knows_percent() -> None:
    found, plain = last_number("45 percent"), last_number("0.45")
    assert found is not None
    assert plain is not None
    assert found.percent
    assert (Decimal("0.45"), Decimal("0.45")) in list(readings(found, plain))


def test_a_target_holds_exactly_one_number() -> None:
    assert number_of("42 km") is not None
    assert number_of("between 3 and 4") is None
    assert number_of("many") is None


@given(st.integers(-(10**15), 10**15))
def test_reads_integers_with_and_without_groups(number: int) -> None:
    for text in (str(number), f"{number:,}", f"{number:_}", f"so it is {number:,}."):
        found = last_number(text)
        assert found is not None
        assert found.value == number


@given(st.decimals(-(10**9), 10**9, places=4))
def test_reads_decimals_of_both_habits(number: Decimal) -> None:
    english = f"{number:,.4f}"
    german = english.replace(",", " ").replace(".", ",").replace(" ", ".")
    for text in (english, german):
        found = last_number(text)
        assert found is not None
        assert found.value == number


@given(st.text(alphabet="0123456789.,-+eExX\u00d7^10 %'_\u207b\u00b3abc\u0663", max_size=60))
def test_reads_any_jumble_without_a_fault(text: str) -> None:
    found = last_number(text)
    assert found is None or found.value.is_finite()


@pytest.mark.parametrize("unit", ["9", "1,", "1 ", ".1", "1e", "10^", "a", "1 x 10"])
def test_a_megabyte_takes_no_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    began = time.process_time()
    last_number(text)
    assert time.process_time() - began < 0.5
