"""Chinese identifiers: identity numbers, travel documents, credit codes, telephone numbers and area codes.

Every ``parse_…`` takes what people type (full-width digits, blanks, lower case) and returns the one normal form, or
raises `IdError` that says in both languages what is wrong and what to do. Nothing here knows whether a number was
issued: only whether it can be.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from fangxian.standards.errors import InputError
from fangxian.text import Text

__all__ = [
    "AREA_LENGTHS",
    "AreaLevel",
    "CitizenId",
    "CreditCode",
    "Document",
    "DocumentKind",
    "IdError",
    "Phone",
    "ancestors",
    "area_code",
    "area_level",
    "citizen_check_digit",
    "credit_check_character",
    "half_width",
    "is_within",
    "parent",
    "parse_citizen_id",
    "parse_credit_code",
    "parse_document",
    "parse_phone",
]

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BLANK = re.compile(r"[\s\u3000\u00a0\u200b-\u200f\u2060\ufeff\-–—·.]+")


class IdError(InputError):
    """An identifier that cannot be right. ``code`` names the reason for programs."""

    def __init__(self, code: str, what: Text, remedy: Text) -> None:
        self.code = code
        super().__init__(what, remedy)


_CHECK_DOCUMENT = Text("请对照证件核对", "Compare it with the document")


def half_width(text: str) -> str:
    """Full-width letters, digits and signs (全角) as their ASCII forms; everything else as it is."""
    return text if text.isascii() else text.translate(_WIDE)


def _bare(text: str) -> str:
    """Without blanks and dashes, half-width, upper case."""
    return _BLANK.sub("", half_width(text)).upper()


# --- Citizen identity number (公民身份号码), GB 11643-1999 ------------

_WEIGHTS = tuple(pow(2, 17 - position, 11) for position in range(17))
_CHECKS = "10X98765432"
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
"""First two digits in use: the provinces of GB/T 2260, and 83 for residence permits of Taiwan residents."""


@dataclass(frozen=True, slots=True)
class CitizenId:
    """A citizen identity number. ``area`` is where it was first registered; ``upgraded`` if 15 digits were given."""

    number: str
    area: str
    birth_date: dt.date
    sex: Literal["male", "female"]
    upgraded: bool = False


def citizen_check_digit(first17: str) -> str:
    """The 18th character: ISO 7064 MOD 11-2 over the first 17 digits."""
    return _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first17, strict=True)) % 11]


def parse_citizen_id(text: str, *, today: dt.date | None = None) -> CitizenId:
    """Check a citizen identity number and read it. Raises IdError.

    Fifteen digits (issued before 1999) become eighteen: the century 19 and the check digit are added.
    ``today``, when given, is the latest birth date that is believed.
    """
    number = _bare(text)
    upgraded = len(number) == 15 and number.isascii() and number.isdigit()
    if upgraded:
        number = number[:6] + "19" + number[6:]
        number += citizen_check_digit(number)
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise IdError(
            "shape",
            Text(
                "身份证号应为 18 位（末位可为 X）或旧式 15 位数字",
                "an identity number has 18 digits (the last may be X), or 15 in the old form",
            ),
            _CHECK_DOCUMENT,
        )
    if number[:2] not in _PROVINCES:
        raise IdError(
            "area",
            Text(f"没有省级代码 {number[:2]}", f"there is no province with the code {number[:2]}"),
            _CHECK_DOCUMENT,
        )
    try:
        birth_date = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise IdError(
            "birth_date", Text("其中的出生日期不存在", "the birth date in it does not exist"), _CHECK_DOCUMENT
        ) from None
    if birth_date.year < 1850 or (today is not None and birth_date > today):
        raise IdError("birth_date", Text("其中的出生日期不可能", "the birth date in it is impossible"), _CHECK_DOCUMENT)
    if number[17] != citizen_check_digit(number[:17]):
        raise IdError(
            "checksum",
            Text("校验码不符，可能有一位写错", "the check digit does not fit; a digit may be wrong"),
            _CHECK_DOCUMENT,
        )
    return CitizenId(number, number[:6], birth_date, "male" if int(number[16]) % 2 else "female", upgraded)


# --- Travel documents (出入境证件) ------------

DocumentKind = Literal[
    "citizen_id",
    "cn_passport",
    "hk_macao_permit",
    "taiwan_permit",
    "residence_permit",
    "foreign_permanent_residence",
    "foreign_passport",
]
_DOCUMENT_SHAPES: dict[DocumentKind, re.Pattern[str]] = {
    "cn_passport": re.compile(r"(?:[DEGPS]\d{8}|E[A-HJ-NP-Z]\d{7}|1[45]\d{7}|[DPS]E\d{7})", re.ASCII),
    "hk_macao_permit": re.compile(r"[HM](?:\d{8}|\d{10})", re.ASCII),
    "taiwan_permit": re.compile(r"\d{8}|\d{10}", re.ASCII),
    "foreign_permanent_residence": re.compile(r"[A-Z]{3}\d{12}|9\d{16}[0-9X]", re.ASCII),
    "foreign_passport": re.compile(r"(?=[A-Z0-9]*\d)[A-Z0-9]{5,15}", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document number in normal form. ``checked`` if a check digit vouches for it; otherwise only its shape does."""

    kind: DocumentKind
    number: str
    checked: bool = False


def parse_document(text: str, kind: DocumentKind | None = None, *, today: dt.date | None = None) -> Document:
    """Read a document number of a given kind, or of the most specific kind whose shape fits. Raises IdError.

    Residence permits of Hong Kong, Macao and Taiwan residents (港澳台居民居住证) are numbered like identity numbers
    with 81, 82 or 83 in front; permanent residence cards of foreigners issued since 2023 begin with 9 and carry the
    same check digit.
    """
    number = _bare(text)
    if kind in (None, "citizen_id", "residence_permit"):
        try:
            citizen = parse_citizen_id(number, today=today)
            permit = citizen.number[:2] in ("81", "82", "83") and not citizen.upgraded
            if kind is None or (kind == "residence_permit") == permit:
                return Document("residence_permit" if permit else "citizen_id", citizen.number, checked=True)
        except IdError:
            if kind is not None or re.fullmatch(r"[1-8]\d{16}[0-9X]", number):
                raise
    for candidate, shape in _DOCUMENT_SHAPES.items():
        if kind in (None, candidate) and shape.fullmatch(number):
            eighteen = candidate == "foreign_permanent_residence" and len(number) == 18
            if eighteen and number[17] != citizen_check_digit(number[:17]):
                raise IdError(
                    "checksum",
                    Text("校验码不符，可能有一位写错", "the check digit does not fit; a digit may be wrong"),
                    _CHECK_DOCUMENT,
                )
            return Document(candidate, number, checked=eighteen)
    raise IdError(
        "shape", Text("证件号码的格式不对", "the number does not have the shape of such a document"), _CHECK_DOCUMENT
    )


# --- Unified social credit code (统一社会信用代码), GB 32100-2015 ------------

_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))


@dataclass(frozen=True, slots=True)
class CreditCode:
    """A unified social credit code. ``area`` is where it was registered, ``organisation_code`` the part of GB 11714."""

    number: str
    area: str
    organisation_code: str


def credit_check_character(first17: str) -> str:
    """The 18th character of a unified social credit code: a weighted sum modulo 31."""
    total = sum(weight * _CREDIT.index(char) for weight, char in zip(_CREDIT_WEIGHTS, first17, strict=True))
    return _CREDIT[-total % 31]


def parse_credit_code(text: str) -> CreditCode:
    """Check a unified social credit code. Raises IdError."""
    number = _bare(text)
    if not re.fullmatch(rf"[{_CREDIT}]{{2}}\d{{6}}[{_CREDIT}]{{10}}", number, re.ASCII):
        raise IdError(
            "shape",
            Text(
                "统一社会信用代码为 18 位数字或大写字母（不用 I、O、S、V、Z）",
                "a credit code has 18 digits or capitals (never I, O, S, V, Z)",
            ),
            Text("请对照营业执照核对", "Compare it with the business licence"),
        )
    if number[17] != credit_check_character(number[:17]):
        raise IdError(
            "checksum",
            Text("校验码不符，可能有一位写错", "the check character does not fit; one may be wrong"),
            Text("请对照营业执照核对", "Compare it with the business licence"),
        )
    return CreditCode(number, number[2:8], number[8:17])


# --- Telephone numbers ------------


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number in E.164 form (``+8613812345678``)."""

    number: str
    kind: Literal["mobile", "landline", "foreign"]


def parse_phone(text: str) -> Phone:
    """Read a telephone number: a Chinese mobile or landline, or any other in international form. Raises IdError."""
    bare = re.sub(r"[()/]", "", _bare(text))
    digits = re.sub(r"^(?:\+|00)86", "", bare)
    if re.fullmatch(r"861[3-9]\d{9}", digits, re.ASCII):
        digits = digits[2:]
    if re.fullmatch(r"1[3-9]\d{9}", digits, re.ASCII):
        return Phone(f"+86{digits}", "mobile")
    if re.fullmatch(r"0(?:10|2\d|[3-9]\d{2})\d{7,8}", digits, re.ASCII):
        return Phone(f"+86{digits[1:]}", "landline")
    if digits != bare and re.fullmatch(r"(?:10|2\d|[3-9]\d{2})\d{7,8}", digits, re.ASCII):
        return Phone(f"+86{digits}", "landline")
    foreign = re.sub(r"^00", "+", bare)
    if digits == bare and re.fullmatch(r"\+[1-9]\d{6,14}", foreign, re.ASCII):
        return Phone(foreign, "foreign")
    raise IdError(
        "shape",
        Text(
            "不是手机号、带区号的座机号或带国家代码的号码",
            "it is not a mobile number, nor one with an area or country code",
        ),
        Text("境外号码请以 + 和国家代码开头", "Start foreign numbers with + and the country code"),
    )


# --- Area codes in the shape of GB/T 2260 and GB/T 10114 ------------

AreaLevel = Literal["province", "city", "county", "township", "community", "grid", "building"]
AREA_LENGTHS: dict[int, AreaLevel] = {
    2: "province",
    4: "city",
    6: "county",
    9: "township",
    12: "community",
    15: "grid",
    18: "building",
}
"""How many digits stand for which level: province 省, city 地市, county 县, township 乡镇街道, community 村居,
grid 网格, building 楼栋. The first twelve are those of GB/T 2260 and GB/T 10114; grid and building go on in threes."""


def area_code(text: str) -> str:
    """The shortest form of an area code: trailing groups of zeros only fill up (``110000`` → ``11``). Raises IdError.

    Only the shape is checked, so deployments outside China use the same tree with numbers of their own. A group of
    zeros in the middle is kept: towns of cities without counties have one (``441900003``, 东莞市南城街道).
    """
    code = _bare(text)
    if len(code) not in AREA_LENGTHS or not (code.isascii() and code.isdigit()):
        raise IdError(
            "shape",
            Text(
                f"“{text}”不是区划代码：应为 2、4、6、9、12、15 或 18 位数字",
                f"“{text}” is not an area code: it has 2, 4, 6, 9, 12, 15 or 18 digits",
            ),
            Text("请检查前导零是否丢失", "Check whether a leading zero was lost"),
        )
    if code.startswith("00"):
        raise IdError(
            "province", Text(f"“{text}”的省级代码为 00", f"“{text}” has the province 00"), Text("请更正", "Correct it")
        )
    lengths = list(AREA_LENGTHS)
    while len(code) > 2:
        shorter = lengths[lengths.index(len(code)) - 1]
        if code[shorter:].strip("0"):
            break
        code = code[:shorter]
    return code


def area_level(code: str) -> AreaLevel:
    """The level that a code stands for. Raises IdError."""
    return AREA_LENGTHS[len(area_code(code))]


def parent(code: str) -> str | None:
    """The code of the area above; None for a province. Raises IdError."""
    lengths = list(AREA_LENGTHS)
    short = area_code(code)
    position = lengths.index(len(short))
    return area_code(short[: lengths[position - 1]]) if position else None


def ancestors(code: str) -> tuple[str, ...]:
    """The codes of all areas above, the nearest first. Raises IdError."""
    found: list[str] = []
    above = parent(code)
    while above is not None:
        found.append(above)
        above = parent(above)
    return tuple(found)


def is_within(code: str, area: str) -> bool:
    """Whether ``code`` is ``area`` or lies in it. Raises IdError."""
    return area_code(code).startswith(area_code(area))
