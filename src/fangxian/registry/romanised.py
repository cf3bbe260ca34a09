"""Names of divisions in Latin letters, in the manner of GB/T 2260: 余杭区 → Yuhang Qu. For those whose English name is not known."""

from functools import lru_cache

from fangxian.analytics.linkage.chinese import is_han

_KINDS = (
    "特别行政区 自治区 自治州 自治县 自治旗 街道办事处 居民委员会 村民委员会 居委会 村委会 市辖区 行政区 "
    "街道 社区 地区 林区 矿区 新区 省 市 区 县 旗 镇 乡 村 盟 州"
).split()


def division(name: str) -> str:
    """The name in letters, the kind of division set apart: 西安市 → Xi'an Shi."""
    kind = next((kind for kind in _KINDS if name.endswith(kind)), "")
    kind = kind if name != kind else ""
    stem = name.removesuffix(kind)
    return " ".join(filter(None, (_word(stem), _word(kind))))


@lru_cache(50_000)
def _word(text: str) -> str:
    """Syllables run together, an apostrophe before one that begins with a vowel."""
    from pypinyin import lazy_pinyin  # its dictionaries take longer to load than most commands take to work

    word = ""
    for syllable in lazy_pinyin(text, v_to_u=True):
        word += ("'" if word and syllable[0] in "aoeāáǎà" else "") + syllable
    return word[:1].upper() + word[1:] if any(map(is_han, text)) else text
