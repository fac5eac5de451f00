"""Check digits: the issuers' own examples pass, and a slip of one digit does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.usage import national_ids as ids

EXAMPLES: dict[str, tuple[Callable[[str], bool], list[str]]] = {
    "card": (
        ids.card,
        ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"],
    ),
    "Verhoeff": (ids.verhoeff, ["2363", "758722"]),
    "IBAN": (
        ids.iban,
        ["GB82WEST12345698765432", "DE89370400440532013000", "FR1420041010050500013M02606"],
    ),
    "CPF": (ids.cpf, ["11144477735", "52998224725"]),
    "German tax id": (ids.german_tax_id, ["86095742719", "47036892816", "65929970489"]),
    "DNI": (ids.dni, ["12345678Z", "X1234567L", "00000000T"]),
    "NIR": (ids.nir, ["255081416802538", "269054958815780"]),
    "codice fiscale": (ids.codice_fiscale, ["RSSMRA85T10A562S", "MRTMTT25D09F205Z"]),
    "PESEL": (ids.pesel, ["44051401359", "02070803628"]),
    "personnummer": (ids.personnummer, ["8112189876", "6403273813"]),
    "Chinese id": (ids.chinese_id, ["11010519491231002X"]),
    "BSN": (ids.bsn, ["111222333", "123456782"]),
    "Turkish id": (ids.turkish_id, ["10000000146"]),
    "RUT": (ids.rut, ["306869574", "125319092"]),
    "HETU": (ids.hetu, ["131052-308T"]),
    "AHV": (ids.swiss_ahv, ["7569217076985"]),
    "Thai id": (ids.thai_id, ["3100600445635"]),
    "German card": (ids.german_card, ["L01X00T471", "C01X00T478"]),
    "TFN": (ids.australian_tfn, ["123456782"]),
    "CUIT": (ids.argentine_cuit, ["20055361682", "20267565393"]),
    "routing": (ids.routing, ["021000021", "111000025"]),
    "Aadhaar": (ids.aadhaar, ["234123412346"]),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_published_examples_pass_and_slips_do_not(name: str) -> None:
    check, examples = EXAMPLES[name]
    for example in examples:
        assert check(example), example
        for at in range(len(example) - 3, len(example)):
            if example[at].isdigit():
                slip = example[:at] + str((int(example[at]) + 1) % 10) + example[at + 1 :]
                assert not check(slip), slip


@given(st.from_regex(r"[0-9]{19}", fullmatch=True))
def test_luhn_is_met_by_one_digit_in_ten(body: str) -> None:
    assert sum(ids.luhn(body + last) for last in "0123456789") == 1
    assert sum(ids.verhoeff(body + last) for last in "0123456789") == 1


def test_numbers_that_are_never_given_out_do_not_pass() -> None:
    assert not any(map(ids.ssn, ["000123456", "666123456", "900123456", "123003456", "123450000"]))
    assert ids.ssn("123456789")
    assert not any(map(ids.nino, ["BG123456A", "DA123456A", "AO123456A", "AB123456E"]))
    assert ids.nino("AB123456C")
    assert not ids.card("0" * 16)
    assert not ids.cpf("1" * 11)
    assert ids.iban_length("zz") == 0
    assert not ids.german_tax_id("99957254409")  # three digits repeat


def test_letters_and_days_are_checked_too() -> None:
    assert ids.nric("S1234567D")
    assert not ids.nric("S1234567A")
    assert not ids.nric("X1234567D")
    assert ids.australian_medicare("2123456701")
    assert not ids.australian_medicare("2123456711")
    assert ids.danish_cpr("1109871234")
    assert not ids.danish_cpr("1113871234")
    assert ids.itin("912701234")
    assert not ids.itin("812701234")
    assert not ids.itin("912001234")
    assert ids.mbi("1EG4TE5MK73")
    assert not ids.mbi("1EG4TE5MS73")
