"""Chinese identifiers: what is accepted, what it says about the person or place, and why the rest is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from fangxian.standards import cn_ids
from fangxian.standards.cn_ids import IdError

# The example of GB 11643-1999 and numbers made up for these tests; none belongs to a known person.
EXAMPLE = "11010519491231002X"
TODAY = dt.date(2020, 1, 31)


def test_the_example_of_the_standard() -> None:
    citizen = cn_ids.parse_citizen_id(EXAMPLE)
    assert citizen == cn_ids.CitizenId(EXAMPLE, "110105", dt.date(1949, 12, 31), "female")


@pytest.mark.parametrize(
    "typed",
    [
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002x",
        " 11010519491231002x\u3000",
        "110105-19491231-002X",
        "110105491231002",
    ],
)
def test_what_people_type_becomes_the_normal_form(typed: str) -> None:
    assert cn_ids.parse_citizen_id(typed).number == EXAMPLE


def test_an_old_number_says_that_it_was_upgraded() -> None:
    assert cn_ids.parse_citizen_id("110105491231002").upgraded
    assert not cn_ids.parse_citizen_id(EXAMPLE).upgraded


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("110105194912310021", "checksum"),
        ("11010519491231", "shape"),
        ("", "shape"),
        ("1101051949123100²X", "shape"),
        ("990105194912310021", "area"),
        ("110105194902300021", "birth_date"),
        ("110105170001010021", "birth_date"),
        ("110105203001010025", "birth_date"),
    ],
)
def test_impossible_numbers_say_why(number: str, code: str) -> None:
    with pytest.raises(IdError) as caught:
        cn_ids.parse_citizen_id(number, today=TODAY)
    assert caught.value.code == code
    assert caught.value.text.zh and caught.value.text.en


def test_documents_are_recognised_by_shape() -> None:
    kinds = {
        "E12345678": "cn_passport",
        "EA1234567": "cn_passport",
        "g12345678": "cn_passport",
        "H12345678": "hk_macao_permit",
        "M1234567890": "hk_macao_permit",
        "12345678": "taiwan_permit",
        "USA123456789012": "foreign_permanent_residence",
        "X1234567": "foreign_passport",
        EXAMPLE: "citizen_id",
    }
    assert {number: cn_ids.parse_document(number).kind for number in kinds} == kinds
    assert cn_ids.parse_document(EXAMPLE).checked
    assert not cn_ids.parse_document("E12345678").checked


def test_a_residence_permit_carries_the_check_digit_of_an_identity_number() -> None:
    first17 = "81000019900101001"
    permit = cn_ids.parse_document(first17 + cn_ids.citizen_check_digit(first17))
    assert (permit.kind, permit.checked) == ("residence_permit", True)


def test_a_wrong_identity_number_is_not_taken_for_a_foreign_passport() -> None:
    with pytest.raises(IdError) as caught:
        cn_ids.parse_document("110105194912310021")
    assert caught.value.code == "checksum"


def test_a_permanent_residence_card_with_a_wrong_check_digit_is_refused() -> None:
    first17 = "91101051990010100"
    good = first17 + cn_ids.citizen_check_digit(first17)
    assert cn_ids.parse_document(good).kind == "foreign_permanent_residence"
    bad = first17 + ("0" if good[-1] != "0" else "1")
    with pytest.raises(IdError, match="check digit"):
        cn_ids.parse_document(bad)


def test_a_document_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(IdError):
        cn_ids.parse_document("E12345678", "hk_macao_permit")
    with pytest.raises(IdError):
        cn_ids.parse_document("abc")


def test_credit_codes() -> None:
    # The worked example of GB 32100-2015, annex A.
    code = cn_ids.parse_credit_code("91350100m000100y43")
    assert (code.number, code.area, code.organisation_code) == ("91350100M000100Y43", "350100", "M000100Y4")
    with pytest.raises(IdError, match="check character"):
        cn_ids.parse_credit_code("91350100M000100Y44")
    with pytest.raises(IdError, match="18 digits or capitals"):
        cn_ids.parse_credit_code("91350100I000100Y43")


@pytest.mark.parametrize(
    ("typed", "number", "kind"),
    [
        ("13812345678", "+8613812345678", "mobile"),
        ("+86 138-1234-5678", "+8613812345678", "mobile"),
        ("008613812345678", "+8613812345678", "mobile"),
        ("8613812345678", "+8613812345678", "mobile"),
        ("１３８ １２３４ ５６７８", "+8613812345678", "mobile"),
        ("010-12345678", "+861012345678", "landline"),
        ("(0731) 1234567", "+867311234567", "landline"),
        ("+86 21 12345678", "+862112345678", "landline"),
        ("+82 2 1234 5678", "+82212345678", "foreign"),
        ("0082212345678", "+82212345678", "foreign"),
    ],
)
def test_telephone_numbers(typed: str, number: str, kind: str) -> None:
    assert cn_ids.parse_phone(typed) == cn_ids.Phone(number, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", ["", "12812345678", "138123456789", "1234567", "+86", "abc", "+8612345"])
def test_what_is_no_telephone_number(typed: str) -> None:
    with pytest.raises(IdError):
        cn_ids.parse_phone(typed)


def test_the_levels_of_an_address() -> None:
    levels = {
        "42": "province",
        "4201": "city",
        "420102": "county",
        "420102003": "township",
        "420102003004": "community",
        "420102003004005": "grid",
        "420102003004005006": "building",
    }
    assert {code: cn_ids.area_level(code) for code in levels} == levels
    codes = list(levels)
    assert cn_ids.ancestors(codes[-1]) == tuple(reversed(codes[:-1]))
    assert cn_ids.parent("42") is None


def test_zeros_at_the_end_only_fill_up() -> None:
    assert cn_ids.area_code("420000") == "42"
    assert cn_ids.area_code("420100000000") == "4201"
    assert cn_ids.area_level("110000") == "province"
    assert cn_ids.is_within("420102003004", "420100")
    assert not cn_ids.is_within("420100", "420102")
    assert not cn_ids.is_within("4301", "42")


def test_a_town_of_a_city_without_counties_lies_in_the_city() -> None:
    assert cn_ids.parent("441900003") == "4419"
    assert cn_ids.ancestors("441900003004") == ("441900003", "4419", "44")


def test_any_country_can_use_the_shape() -> None:
    assert cn_ids.area_level("910203") == "county"


@pytest.mark.parametrize("code", ["", "1", "123", "12345", "1101051", "ab", "00", "0011", "１１x"])
def test_what_is_no_area_code(code: str) -> None:
    with pytest.raises(IdError) as caught:
        cn_ids.area_code(code)
    assert caught.value.remedy.zh and caught.value.remedy.en
