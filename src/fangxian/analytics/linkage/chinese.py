"""What matching needs to know about Chinese names: how characters are read, written and misheard.

Readings come from pypinyin. Written here is only what it does not know: surnames read differently from the same character elsewhere
(多音姓氏), the surnames by which a romanised name is recognised as Chinese, and traditional forms common in names.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

# The 150 or so most frequent surnames: about nine in ten people.
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付"
    "方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞"
    "左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
COMPOUND_SURNAMES = frozenset(
    (
        "欧阳 上官 司马 诸葛 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 东方 端木 "
        "长孙 宇文 南宫 独孤 澹台 万俟 轩辕 太史 赫连 申屠 呼延 钟离 闻人"
    ).split()
)
_SURNAME_READINGS = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "朴": "piao", "盖": "ge", "任": "ren", "纪": "ji",
    "华": "hua", "覃": "qin tan", "乐": "yue le", "缪": "miao", "秘": "bi", "折": "she", "召": "shao", "黑": "he", "洗": "xian",
    "冼": "xian", "翟": "zhai di", "燕": "yan", "车": "che", "能": "nai", "隗": "wei kui", "种": "chong", "祭": "zhai", "繁": "po",
    "宁": "ning", "不": "fou", "谌": "chen shen", "句": "gou", "宓": "mi fu", "员": "yun", "郇": "xun huan", "芮": "rui", "应": "ying",
    "尉迟": "yu chi", "万俟": "mo qi", "长孙": "zhang sun", "澹台": "tan tai", "石": "shi", "卜": "bu", "葛": "ge", "沈": "shen",
    "柏": "bai", "牟": "mu mou", "都": "du", "郗": "xi chi", "教": "jiao", "藏": "zang", "强": "qiang", "降": "jiang", "曲": "qu",
}  # fmt: skip
_TRADITIONAL = (
    "張陳劉楊黃趙吳孫馬羅鄭謝許韓馮鄧葉蘇盧蔣賈鍾鐘譚陸範閆龍賀顧龔萬錢嚴湯齊喬龐顏聶魯歐關蘭單寧紀畢駱藍華馳費衛應閔鄔邊師榮鄒蕭呂溫偉麗國強軍傑鳳紅藝瓊瑩瑋瑤靜寶貝貴賢輝銀鋒鋼鐵鵬鴻鶴飛風雲電雙勝劍勁東長"
    "慶廣開陽順義樂興學書來時會蓮蘋茲莊蔥濤澤濱潔淵漢滿潤瀾靈煥燁燦爾珮璽當畫發監盤禮禎穎積穩競筆紹純細維綺綠緒練縝織繼續罷聖聰肅臨舊艷萊葦蓋藥虛親覺觀計訓誌語誠調論諾識議譽讓豐貞負財質賓資賽贊車輪轉連進運"
    "過達遠適選邁還鄉釗鈞鉅銘鋭鎮錦閃閏間陰隊階際隨雋雖霧韻頌頗頡領頤願顯飄養駿騰驕鮮鴿麥齡"
)
_SIMPLIFIED = (
    "张陈刘杨黄赵吴孙马罗郑谢许韩冯邓叶苏卢蒋贾钟钟谭陆范闫龙贺顾龚万钱严汤齐乔庞颜聂鲁欧关兰单宁纪毕骆蓝华驰费卫应闵邬边师荣邹萧吕温伟丽国强军杰凤红艺琼莹玮瑶静宝贝贵贤辉银锋钢铁鹏鸿鹤飞风云电双胜剑劲东长"
    "庆广开阳顺义乐兴学书来时会莲苹兹庄葱涛泽滨洁渊汉满润澜灵焕烨灿尔佩玺当画发监盘礼祯颖积稳竞笔绍纯细维绮绿绪练缜织继续罢圣聪肃临旧艳莱苇盖药虚亲觉观计训志语诚调论诺识议誉让丰贞负财质宾资赛赞车轮转连进运"
    "过达远适选迈还乡钊钧钜铭锐镇锦闪闰间阴队阶际随隽虽雾韵颂颇颉领颐愿显飘养骏腾骄鲜鸽麦龄"
)
_TO_SIMPLIFIED = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
_FOLDED_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))


def simplified(text: str) -> str:
    """Characters in their simplified form, as far as the small table goes; the rest are matched by their sound."""
    return text.translate(_TO_SIMPLIFIED)


def is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff" or char == "〇"


@lru_cache(20_000)
def readings(char: str) -> tuple[str, ...]:
    """Toneless readings of a character, the usual one first, at most three; ü is v."""
    from pypinyin import Style, pinyin  # its dictionaries take longer to load than most commands take to work

    found = pinyin(char, style=Style.NORMAL, heteronym=True, errors="ignore", v_to_u=False)
    return tuple(found[0][:3]) if found else (char,)


@lru_cache(100_000)
def name_readings(text: str) -> tuple[tuple[str, ...], ...]:
    """Readings of each character of a name; those of the surname first, then how it is read elsewhere, since clerks err."""
    units = [readings(char) for char in text]
    size = surname_length(text)
    if known := _SURNAME_READINGS.get(text[:size]):
        parts = known.split()
        for i in range(size):
            of_surname = (parts[i],) if size > 1 else tuple(parts)
            units[i] = tuple(dict.fromkeys(of_surname + units[i]))[:4]
    return tuple(units)


def surname_length(text: str) -> int:
    """2 for a compound surname (复姓) with something after it, else 1."""
    return 2 if len(text) > 2 and text[:2] in COMPOUND_SURNAMES else 1


@cache
def fold(syllable: str) -> str:
    """A syllable without the distinctions that many southern speakers do not make: zh/z ch/c sh/s, n/l, -ng/-n; ü as u."""
    for initial, plain in _FOLDED_INITIALS:
        if syllable.startswith(initial) and len(syllable) > len(initial):
            syllable = plain + syllable[len(initial) :]
            break
    if syllable.endswith(("ang", "eng", "ing")):
        syllable = syllable[:-1]
    return syllable.replace("v", "u")


@cache
def syllables() -> frozenset[str]:
    """Every toneless syllable that can stand in a name."""
    from pypinyin import Style, pinyin

    every = pinyin([chr(code) for code in range(0x4E00, 0x9FA6)], style=Style.NORMAL, errors="ignore", v_to_u=False)
    return frozenset(reading for (reading,) in every if len(reading) > 1 or reading in "aeo") - {"hm", "ng"}


@cache
def surname_syllables() -> frozenset[tuple[str, ...]]:
    """Surnames as syllables, to recognise a romanised Chinese name."""
    one = {(reading,) for name in SURNAMES for reading in name_readings(name + "某")[0][:1]}
    return frozenset(one | {tuple(unit[0] for unit in name_readings(name + "某")[:2]) for name in COMPOUND_SURNAMES})


@lru_cache(100_000)
def segment(letters: str) -> tuple[str, ...] | None:
    """A word as the fewest pinyin syllables, longer ones first ("xiaoming" → xiao ming); None if it is not pinyin."""
    letters = {"lyu": "lv", "nyu": "nv"}.get(letters, letters).replace("u:", "v")
    best: list[tuple[str, ...] | None] = [()] + [None] * len(letters)
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - 6), end):
            head = best[start]
            if head is not None and letters[start:end] in syllables():
                known = best[end]
                if known is None or len(head) + 1 < len(known):
                    best[end] = (*head, letters[start:end])
    return best[-1] if letters else None


def plain_letters(text: str) -> list[str]:
    """Words of a Latin name: small letters, no accents, ü as v, no punctuation (apostrophes and hyphens join or part as written)."""
    text = re.sub(r"[üÜ]", "v", unicodedata.normalize("NFC", text))
    text = unicodedata.normalize("NFKD", text.lower()).replace("ß", "ss").replace("ø", "o").replace("ł", "l")
    text = "".join(char for char in text if not unicodedata.combining(char))
    return re.findall(r"[a-z]+", re.sub(r"['’`]", "", text))
