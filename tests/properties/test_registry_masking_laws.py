"""Laws of masking: whatever is entered, what is shown never holds the whole of it."""

from hypothesis import given
from hypothesis import strategies as st

from fangxian.registry import masking

han = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=8)
rare = st.text(st.sampled_from("𬀩𠮷𡃁㐂䶮"), min_size=1, max_size=3)
latin = st.lists(
    st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzéü'-"), min_size=1, max_size=12), min_size=1, max_size=4
).map(" ".join)


@given(st.one_of(han, rare, latin))
def test_a_name_is_never_shown_whole(text: str):
    shown = masking.name(text)
    assert shown and "*" in shown
    assert text not in shown
    hidden = [char for char in text if char not in " "]
    assert sum(char != "*" and char != " " for char in shown) <= max(len(hidden) // 2, min(2, len(hidden) - 1))


@given(st.text(st.sampled_from("0123456789ABCX"), min_size=1, max_size=40))
def test_a_number_shows_less_than_half(text: str):
    shown = masking.document(text)
    assert len(shown) == len(text)
    assert all(a in (b, "*") for a, b in zip(shown, text, strict=True))
    assert shown.count("*") * 2 >= len(text)


@given(
    st.one_of(
        st.integers(13_000_000_000, 19_999_999_999).map("+86{}".format),
        st.integers(1_000_000, 10**14).map("+{}".format),
    )
)
def test_a_telephone_number_hides_at_least_four_digits_where_it_can(text: str):
    shown = masking.phone(text)
    assert shown.count("*") >= min(4, len(text) - 5) - (4 if len(text) < 12 else 0)
    assert text.removeprefix("+86") not in shown


@given(st.text(max_size=60))
def test_an_address_shows_no_number_of_a_door(text: str):
    shown = masking.address(text)
    assert not any(char.isdigit() for char in shown)
    assert shown == "" if not text else shown.endswith("***") and text.startswith(shown[:-3])


def test_examples():
    names = {
        "张三": "张*", "张三丰": "张**", "欧阳娜娜": "欧阳**", "欧阳": "欧*", "司马": "司*", "丰": "*", "𬀩": "*", "𠮷野": "𠮷*",
        "古丽·买买提": "古**", "迪丽热巴": "迪**", "Maria de Souza": "M**** d* S****", "X": "*", "Li": "L*", "": "",
    }  # fmt: skip
    assert {text: masking.name(text) for text in names} == names
    documents = {"330106199001011234": "3301**********1234", "E12345678": "E1*****78", "AB123": "A***3", "1234": "****"}
    assert {text: masking.document(text) for text in documents} == documents
    phones = {"+8613812345678": "138****5678", "+4915112345678": "+49*********78", "+8657187654321": "571****4321"}
    assert {text: masking.phone(text) for text in phones} == phones
    addresses = {
        "浙江省杭州市西湖区文三路街道金桥社区3幢501": "浙江省杭州市西湖区文三路街道金桥社区***", "西湖区文三路12号": "西湖区***",
        "金桥小区3幢": "***", "超市楼上5楼": "***", "12 Elm Street": "***", "河口镇河口村3组12号": "河口镇河口村***", "": "",
    }  # fmt: skip
    assert {text: masking.address(text) for text in addresses} == addresses
