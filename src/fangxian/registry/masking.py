"""How much of a personal field is shown before it is revealed with a purpose.

Enough to tell two people apart on the telephone. The rules are those people know from tickets and bank letters: the surname,
the first four and last four characters of a number, the village of an address.
"""

import re

from fangxian.analytics.linkage.chinese import is_han, surname_length

_STAR = "*"
_DIVISIONS = re.compile(
    r"(?:[^\d]{1,8}?(?:省|自治区))?(?:[^\d]{1,8}?(?:(?<!超)市|自治州|地区|盟))?(?:[^\d]{1,8}?(?:(?<![小社])区|县|(?<!超)市|旗))?"
    r"(?:[^\d]{1,10}?(?:街道|镇|乡|苏木))?(?:[^\d]{1,10}?(?:社区|居委会|村委会|村|嘎查))?"
)


def name(text: str) -> str:
    """张三丰 → 张**, 欧阳娜娜 → 欧阳**, 𬀩 → *, Maria de Souza → M**** d* S****, 古丽·买买提 → 古**.

    A single character is all hidden: a name that is one character long would otherwise stand there in full.
    """
    text = text.strip()
    if not text:
        return ""
    if any(map(is_han, text)):
        letters = [char for char in text if not char.isspace()]
        if len(letters) == 1:
            return _STAR
        foreign = any(char in "·•・．." for char in letters)
        shown = 1 if foreign else surname_length("".join(letters))
        return "".join(letters[:shown]) + _STAR * min(2, len(letters) - shown)
    words = text.split()
    return " ".join(word[0] + _STAR * min(4, len(word) - 1) if len(word) > 1 else _STAR for word in words)


def document(text: str) -> str:
    """330106199001011234 → 3301**********1234; of shorter numbers less, of the shortest nothing."""
    shown = 4 if len(text) >= 16 else 2 if len(text) >= 8 else 1 if len(text) >= 5 else 0
    return text[:shown] + _STAR * (len(text) - 2 * shown) + text[len(text) - shown :] if shown else _STAR * len(text)


def phone(text: str) -> str:
    """+8613812345678 → 138****5678; of a foreign number the country code's digits and the last two."""
    digits = text.removeprefix("+86")
    if digits == text:
        return text[:3] + _STAR * max(0, len(text) - 5) + text[-2:]
    return digits[:3] + _STAR * max(0, len(digits) - 7) + digits[-4:]


def address(text: str) -> str:
    """Down to the village or community: 西湖区文三路街道金桥社区3幢501 → 西湖区文三路街道金桥社区***.

    Only what stands in the order of the divisions is taken for one, so an address in any other form shows nothing.
    """
    found = _DIVISIONS.match(text)
    return (found.group() if found else "") + _STAR * 3 if text else ""
