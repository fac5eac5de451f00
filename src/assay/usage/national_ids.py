"""Check digits of payment cards, bank accounts and national ids, by which they are known.

Each function takes the bare characters and says whether the number can be one. Sources: the
issuers' published rules (ISO/IEC 7812, 7064, 13616; Verhoeff 1969).
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def luhn(digits: str) -> bool:
    """ISO/IEC 7812's check digit."""
    total = 0
    for at, each in enumerate(reversed(digits)):
        digit = int(each) * (1 + at % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def card(digits: str) -> bool:
    """Whether a payment card's network issues such a number (13 to 19 digits)."""
    known = (
        digits[0] in "456"
        or digits[:2] in ("30", "34", "35", "36", "37", "38", "39")
        or "2200" <= digits[:4] <= "2204"
        or (len(digits) == 15 and digits[:4] in ("1800", "2131"))
        or "2221" <= digits[:4] <= "2720"
        or (len(digits) == 16 and digits[:4] == "9792")
    )
    return known and 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn(digits)


def verhoeff(digits: str) -> bool:
    """Verhoeff's check digit (Aadhaar)."""
    check = 0
    for at, each in enumerate(reversed(digits)):
        check = _TIMES[check][_MOVED[at % 8][int(each)]]
    return check == 0


def aadhaar(digits: str) -> bool:
    """India: 12 digits."""
    return digits[0] in "23456789" and len(set(digits)) > 2 and verhoeff(digits)


def ssn(digits: str) -> bool:
    """United States: 9 digits, no check digit; some areas, groups and serials do not exist."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def itin(digits: str) -> bool:
    """United States, who has no SSN: 9 digits from 900 on, of some groups, no check digit."""
    group = int(digits[3:5])
    return digits[0] == "9" and (
        50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
    )


def routing(digits: str) -> bool:
    """United States, a bank's: 9 digits."""
    known = digits[:2] <= "12" or "21" <= digits[:2] <= "32" or "61" <= digits[:2] <= "72"
    return known and digits != "0" * 9 and _weighed(digits, [3, 7, 1] * 3) % 10 == 0


def mbi(text: str) -> bool:
    """United States, Medicare's: 11 digits and letters in fixed places, no check digit."""
    return _MBI.fullmatch(text) is not None


def nino(text: str) -> bool:
    """United Kingdom: two letters, six digits, a letter."""
    prefix = text[:2].upper()
    return (
        prefix[0] not in "DFIQUV"
        and prefix[1] not in "DFIOQUV"
        and prefix not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
        and text[8].upper() in "ABCD"
    )


def iban(text: str) -> bool:
    """ISO 13616: the country's length, and the remainder by 97."""
    text = text.upper()
    if _IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    return _mod_97("".join(str(int(each, 36)) for each in text[4:] + text[:4])) == 1


def iban_length(country: str) -> int:
    """How long a country's IBAN is; 0 where it has none."""
    return _IBAN_LENGTHS.get(country.upper(), 0)


def cpf(digits: str) -> bool:
    """Brazil: 11 digits, two of them checks."""
    if len(set(digits)) == 1:
        return False
    first = _weighed(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = _weighed(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return digits[9:] == f"{first}{second}"


def german_tax_id(digits: str) -> bool:
    """Germany: 11 digits; one of the first ten stands twice or thrice (ISO 7064 mod 11, 10)."""
    often = sorted(digits[:10].count(each) for each in set(digits[:10]))
    if digits[0] == "0" or often[-1] not in (2, 3) or often[-2] != 1:
        return False
    product = 10
    for each in digits[:10]:
        total = (int(each) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def dni(text: str) -> bool:
    """Spain: 8 digits and a letter; a foreigner's begins with X, Y or Z."""
    text = text.upper()
    number = str("XYZ".index(text[0])) + text[1:-1] if text[0] in "XYZ" else text[:-1]
    return _DNI[int(number) % 23] == text[-1]


def nir(digits: str) -> bool:
    """France: 15 digits: sex, year, month, place, order, and the key."""
    month = int(digits[3:5])
    real = digits[0] in "12" and (1 <= month <= 12 or 20 <= month <= 42)
    return real and 97 - int(digits[:13]) % 97 == int(digits[13:])


def codice_fiscale(text: str) -> bool:
    """Italy: 16 letters and digits."""
    text = text.upper()
    total = sum(
        _ODD[int(each, 36)] if at % 2 == 0 else int(each) if each.isdigit() else ord(each) - 65
        for at, each in enumerate(text[:15])
    )
    return chr(65 + total % 26) == text[15]


def pesel(digits: str) -> bool:
    """Poland: 11 digits."""
    real = 1 <= int(digits[2:4]) % 20 <= 12 and 1 <= int(digits[4:6]) <= 31
    return real and -_weighed(digits[:10], [1, 3, 7, 9] * 3) % 10 == int(digits[10])


def personnummer(digits: str) -> bool:
    """Sweden: 10 digits (or 12, with the century)."""
    digits = digits[-10:]
    real = 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) % 60 <= 31
    return real and luhn(digits)


def chinese_id(text: str) -> bool:
    """China: 17 digits and a digit or X."""
    real = "1900" <= text[6:10] <= "2099" and _day(text[10:12], text[12:14])
    check = "10X98765432"[_weighed(text[:17], _CHINA) % 11]
    return real and text[17].upper() == check


def korean_id(digits: str) -> bool:
    """Korea: 13 digits that begin with a day of birth; the check digit is no longer given out."""
    return _day(digits[2:4], digits[4:6]) and digits[6] in "12345678"


def bsn(digits: str) -> bool:
    """Netherlands: 9 digits."""
    return digits != "0" * 9 and (_weighed(digits[:8], range(9, 1, -1)) - int(digits[8])) % 11 == 0


def turkish_id(digits: str) -> bool:
    """Turkey: 11 digits, two of them checks."""
    odd, even = sum(map(int, digits[0:9:2])), sum(map(int, digits[1:8:2]))
    return (
        digits[0] != "0"
        and (odd * 7 - even) % 10 == int(digits[9])
        and sum(map(int, digits[:10])) % 10 == int(digits[10])
    )


def swiss_ahv(digits: str) -> bool:
    """Switzerland: 13 digits from 756 on, with EAN's check digit."""
    return digits[:3] == "756" and -_weighed(digits[:12], [1, 3] * 6) % 10 == int(digits[12])


def thai_id(digits: str) -> bool:
    """Thailand: 13 digits."""
    return (11 - _weighed(digits[:12], range(13, 1, -1)) % 11) % 10 == int(digits[12])


def rut(text: str) -> bool:
    """Chile: 7 or 8 digits and a digit or K."""
    check = 11 - _weighed(text[-2::-1], [2, 3, 4, 5, 6, 7] * 2) % 11
    return {11: "0", 10: "K"}.get(check, str(check)) == text[-1].upper()


def hetu(text: str) -> bool:
    """Finland: a day of birth, a sign, three digits and a check character."""
    real = _day(text[2:4], text[:2])
    return real and _HETU[int(text[:6] + text[7:10]) % 31] == text[10].upper()


def danish_cpr(digits: str) -> bool:
    """Denmark: a day of birth and four digits; the check digit is no longer given out."""
    return _day(digits[2:4], digits[:2])


def german_card(text: str) -> bool:
    """Germany, an identity card's or a passport's: 9 letters and digits and a check digit."""
    total = sum(
        int(each, 36) * weight for each, weight in zip(text[:9], [7, 3, 1] * 3, strict=True)
    )
    return total % 10 == int(text[9])


def australian_tfn(digits: str) -> bool:
    """Australia's tax number: 9 digits."""
    return digits != "0" * 9 and _weighed(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def australian_medicare(digits: str) -> bool:
    """Australia, Medicare's: 10 digits, of which the ninth is the check."""
    return digits[0] in "23456" and _weighed(digits[:8], [1, 3, 7, 9] * 2) % 10 == int(digits[8])


def nric(text: str) -> bool:
    """Singapore: a letter, 7 digits, a letter."""
    letters, offset = _NRIC.get(text[0], ("", 0))
    total = _weighed(text[1:8], (2, 7, 6, 5, 4, 3, 2)) + offset
    return letters != "" and letters[total % 11] == text[8]


def argentine_cuit(digits: str) -> bool:
    """Argentina: 11 digits, the last a check."""
    check = 11 - _weighed(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    known = digits[:2] in ("20", "23", "24", "25", "26", "27", "30", "33", "34")
    return known and check % 11 == int(digits[10])


def indian_pan(text: str) -> bool:
    """India's tax number: five letters, four digits, a letter; the fourth says whose."""
    return text[3].upper() in "PCHFATBLJG"


def _weighed(digits: str, weights: Sequence[int]) -> int:
    return sum(int(each) * weight for each, weight in zip(digits, weights, strict=False))


def _mod_97(digits: str) -> int:
    return int(digits) % 97


def _day(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


_TIMES = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_MOVED = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)
_NRIC = {
    "S": ("JZIHGFEDCBA", 0),
    "T": ("JZIHGFEDCBA", 4),
    "F": ("XWUTRQPNMLK", 0),
    "G": ("XWUTRQPNMLK", 4),
    "M": ("XWUTRQPNJLK", 3),
}
_MBI_LETTER = "AC-HJKMNP-RT-Y"
_MBI = re.compile(
    rf"[1-9][{_MBI_LETTER}][{_MBI_LETTER}0-9]\d[{_MBI_LETTER}][{_MBI_LETTER}0-9]\d"
    rf"[{_MBI_LETTER}]{{2}}\d\d"
)
_CHINA = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_ODD = (
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
)
_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FO GL NL SD FK",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU XK MN",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU YE",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}
