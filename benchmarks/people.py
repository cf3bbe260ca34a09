"""A made-up population registered more than once, with the truth known: what duplicate detection is measured on.

Families share surnames, telephones and homes, about one birth in eighty is of twins, 6 % of people are foreigners, and a person's second
registration is what a tired clerk at another desk would write: pinyin, a homophone, an accent, swapped names, a mistyped birth date,
another telephone, no document. Nothing here knows how the matching works.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pypinyin import lazy_pinyin

from fangxian.analytics.linkage import Document, Record

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
RARE_SURNAMES = ["单", "解", "仇", "查", "朴", "盖", "区", "缪", "欧阳", "司马", "上官", "逄", "隗", "揭", "禹"]
MALE = "伟强军勇杰涛明超刚平辉鹏华飞波斌宇浩凯健俊帆帅旭宁龙林建国志文海金德永春生子轩浩然博泽晨天佑家宏玉成庆荣"
FEMALE = "芳娜敏静丽艳娟霞秀英玲婷雪慧莹倩红梅琳燕玉萍兰凤洁云莉桂香淑珍子涵欣怡梓佳琪诗雨思嘉宁晓月春素爱文"
HOMOPHONES = {
    "伟": "玮炜卫维", "强": "蔷", "军": "君均俊", "杰": "洁捷", "涛": "滔", "明": "铭鸣茗", "辉": "晖慧", "鹏": "朋", "华": "骅",
    "波": "博", "斌": "彬宾", "宇": "雨羽", "浩": "昊皓", "健": "建剑", "芳": "方", "娜": "那", "敏": "闽", "静": "晶婧", "丽": "莉立",
    "艳": "燕彦", "娟": "涓", "霞": "侠", "秀": "绣", "英": "瑛鹰", "玲": "灵铃", "婷": "亭", "慧": "惠卉", "红": "虹宏", "梅": "玫",
    "琳": "林霖", "萍": "平", "兰": "岚", "洁": "杰", "云": "芸", "桂": "贵", "淑": "书", "珍": "真",
    "子": "梓紫", "欣": "新心", "怡": "宜",
    "晓": "小筱", "文": "雯", "志": "智", "海": "海", "金": "锦", "永": "勇", "泽": "则", "晨": "辰", "佳": "嘉家", "琪": "淇", "诗": "施",
}  # fmt: skip
ACCENTS = {
    "林": "宁",
    "宁": "林",
    "志": "自",
    "静": "近",
    "明": "民",
    "英": "因",
    "生": "森",
    "娜": "辣",
    "兰": "南",
    "建": "江",
    "成": "岑",
}
TRADITIONAL = str.maketrans("张刘陈杨黄赵吴孙马罗郑谢许韩冯邓叶苏卢蒋伟强军丽华国红云兰玲凤龙飞",
                            "張劉陳楊黃趙吳孫馬羅鄭謝許韓馮鄧葉蘇盧蔣偉強軍麗華國紅雲蘭玲鳳龍飛")  # fmt: skip
FOREIGN = [
    (["John", "William", "James", "Robert", "Thomas", "David", "Emily", "Sarah", "Mary", "Anna", "Laura", "Alexander"],
     ["Smith", "Johnson", "Brown", "Taylor", "Wilson", "Anderson", "Müller", "García", "Rossi", "Dubois", "O'Connor"]),
    (["Mohamed", "Ahmed", "Ali", "Hassan", "Fatima", "Aisha", "Yusuf", "Ibrahim", "Omar", "Khadija"],
     ["Al-Rashid", "Hussein", "Khan", "Mahmoud", "Abdullah", "Rahman", "Diallo", "Osman"]),
    (["Min-jun", "Seo-yeon", "Ji-hoon", "Hye-jin", "Sung-min", "Eun-ji"], ["Kim", "Lee", "Park", "Choi", "Jung", "Kang"]),
    (["Van Minh", "Thi Lan", "Quoc Anh", "Thi Hoa", "Duc Thang", "Ngoc Mai"], ["Nguyen", "Tran", "Le", "Pham", "Hoang"]),
    (["Aleksandr", "Dmitri", "Olga", "Natalia", "Sergei", "Ekaterina"], ["Ivanov", "Petrova", "Smirnov", "Kuznetsov"]),
]  # fmt: skip
UYGHUR = ["买买提", "艾山", "吐尔逊", "阿依古丽", "热孜万", "艾力", "古丽娜尔", "玉素甫"]


@dataclass(frozen=True)
class Population:
    """Records in random order and, for each, the number of the person whom it is about."""

    records: list[Record]
    person: list[int]

    def true_pairs(self) -> set[tuple[int, int]]:
        """Rows (i, j), i < j, of records of one person."""
        rows: dict[int, list[int]] = {}
        for row, person in enumerate(self.person):
            rows.setdefault(person, []).append(row)
        return {(a, b) for group in rows.values() for n, a in enumerate(group) for b in group[n + 1 :]}


def population(records: int, seed: int = 1, repeated: float = 0.25) -> Population:
    """About `repeated` of the records are second or later registrations of somebody."""
    rng = random.Random(seed)
    people: list[Record] = []
    households = _households(rng)
    while len(people) < records * (1 - repeated):
        people.extend(next(households))
    people = people[: int(records * (1 - repeated))]
    rows = [(replace(person, key=0), n) for n, person in enumerate(people)]
    while len(rows) < records:
        n = rng.randrange(len(people))
        rows.append((_again(people[n], rng), n))
    rng.shuffle(rows)
    return Population([replace(r, key=i) for i, (r, _) in enumerate(rows)], [n for _, n in rows])


def _households(rng: random.Random) -> Iterator[list[Record]]:
    weights = [1 / (rank + 3) for rank in range(len(SURNAMES))]
    number = 0
    while True:
        number += 1
        area = f"{rng.choice(['330102', '330105', '330106', '330108', '330109', '330110', '330402', '330483'])}{rng.randrange(60):06}"
        home = f"home-{number}" if rng.random() < 0.6 else None
        kind = rng.random()

        def surname() -> str:
            return rng.choice(RARE_SURNAMES) if rng.random() < 0.03 else rng.choices(SURNAMES, weights)[0]

        if kind < 0.06:
            given, family = rng.choice(FOREIGN)
            name = f"{rng.choice(given)} {rng.choice(given) + ' ' if rng.random() < 0.3 else ''}{rng.choice(family)}"
            yield [_person(rng, name, _day(rng, 18, 70), rng.choice("MF"), _phone(rng), area, None, "passport")]
            continue
        if kind < 0.07:
            name = f"{rng.choice(UYGHUR)}·{rng.choice(UYGHUR)}"
            yield [_person(rng, name, _day(rng, 18, 70), rng.choice("MF"), _phone(rng), area, home, "id")]
            continue
        father, mother = surname(), surname()
        family_phone = _phone(rng)
        members = [_person(rng, father + _given(rng, MALE), _day(rng, 25, 60), "M", family_phone, area, home, "id")]
        if kind < 0.8:
            phone = _phone(rng) if rng.random() < 0.85 else family_phone
            members.append(_person(rng, mother + _given(rng, FEMALE), _day(rng, 25, 60), "F", phone, area, home, "id"))
        generation = rng.choice(MALE + FEMALE) if rng.random() < 0.4 else ""
        for _ in range(rng.choices((0, 1, 2), (4, 5, 2))[0] if len(members) > 1 else 0):
            born = _day(rng, 0, 20)
            for _ in range(2 if rng.random() < 1 / 80 else 1):
                sex = rng.choice("MF")
                name = father
                while name in {member.name for member in members} or name == father:
                    name = father + (
                        generation + rng.choice(MALE if sex == "M" else FEMALE)
                        if generation
                        else _given(rng, MALE + FEMALE)
                    )
                members.append(_person(rng, name, born, sex, family_phone, area, home, "id"))
        if rng.random() < 0.2:
            phone = _phone(rng) if rng.random() < 0.6 else family_phone
            members.append(_person(rng, father + _given(rng, MALE), _day(rng, 61, 90), "M", phone, area, home, "id"))
        yield members


def _person(
    rng: random.Random, name: str, born: date, sex: str, phone: str, area: str, home: str | None, document: str
) -> Record:
    number = f"{rng.getrandbits(48):012x}"
    return Record(
        key=0,
        name=name,
        sex=sex,
        born=born,
        phones=(phone,) if rng.random() < 0.93 else (),
        documents=(Document(document, number),) if rng.random() < 0.85 else (),
        area=area,
        household=home,
    )


def _given(rng: random.Random, characters: str) -> str:
    weights = [1 / (rank % 20 + 4) for rank in range(len(characters))]
    return "".join(rng.choices(characters, weights, k=1 if rng.random() < 0.2 else 2))


def _day(rng: random.Random, youngest: int, oldest: int) -> date:
    return date(2022, 6, 30) - timedelta(rng.randrange(youngest * 365 + 1, (oldest + 1) * 365))


def _phone(rng: random.Random) -> str:
    return f"1{rng.choice('35789')}{rng.randrange(10**9):09}"


def _again(person: Record, rng: random.Random) -> Record:
    """The person as registered another time, elsewhere."""
    name, aliases = _rewritten(person.name, rng)
    phone = rng.random()
    phones = person.phones if phone < 0.6 else (_phone(rng),) if phone < 0.85 else ()
    if phones and rng.random() < 0.2:
        phones = (f"+86 {phones[0][:3]}-{phones[0][3:7]}-{phones[0][7:]}",)
    document = rng.random()
    documents = person.documents if document < 0.45 else ()
    if person.documents and document > 0.96:
        documents = (Document(person.documents[0][0], f"{rng.getrandbits(48):012x}", valid=False),)
    moved = rng.random()
    area, household = person.area, person.household if rng.random() < 0.5 else None
    if moved > 0.65:
        area, household = (
            (None, None) if moved < 0.88 else (f"330{rng.randrange(100, 120)}{rng.randrange(60):06}", None)
        )
    sex = None if rng.random() < 0.08 else person.sex if rng.random() < 0.993 else "F" if person.sex == "M" else "M"
    assert isinstance(person.born, date)
    born = _misdated(person.born, rng)
    return replace(
        person,
        name=name,
        aliases=aliases,
        sex=sex,
        born=born,
        phones=phones,
        documents=documents,
        area=area,
        household=household,
    )


def _misdated(born: date, rng: random.Random) -> date | int | None:
    kind = rng.random()
    if kind < 0.80:
        return born
    if kind < 0.83:
        return born.replace(month=born.day, day=born.month) if born.day < 13 else born
    if kind < 0.87:
        text = list(f"{born:%Y%m%d}")
        at = rng.randrange(2, 8)
        text[at] = str(rng.randrange(10))
        try:
            return date(int("".join(text[:4])), int("".join(text[4:6])), int("".join(text[6:])))
        except ValueError:
            return born
    if kind < 0.89:
        return born + timedelta(rng.choice((-1, 1)))
    if kind < 0.95:
        return born.year + (rng.random() < 0.1)
    if kind < 0.98:
        return None
    return date(born.year, 1, 1) if kind < 0.99 else _day(rng, 0, 90)


def _rewritten(name: str, rng: random.Random) -> tuple[str, tuple[str, ...]]:
    if rng.random() < 0.5:
        return name, ()
    if name.isascii() or any(char.isascii() and char.isalpha() for char in name):
        return _foreign_again(name, rng), ()
    if "·" in name:
        first, last = name.split("·")
        written = rng.choice(
            (f"{first}.{last}", first + last, " ".join("".join(lazy_pinyin(p)).title() for p in (first, last)))
        )
        return written, ()
    size = 2 if name[:2] in RARE_SURNAMES else 1
    ways: list[tuple[float, Callable[[], str]]] = [
        (30, lambda: _romanised(name, size, rng)),
        (18, lambda: _swapped_characters(name, size, HOMOPHONES, rng)),
        (6, lambda: _swapped_characters(name, size, ACCENTS, rng)),
        (7, lambda: name[:size] + "".join(rng.choice(MALE + FEMALE) if rng.random() < 0.6 else c for c in name[size:])),
        (7, lambda: name.translate(TRADITIONAL)),
        (10, lambda: " ".join((name[:size], name[size:]))),
        (4, lambda: name[size:] + name[:size]),
        (3, lambda: name[:-1] if len(name) > size + 1 else name),
        (4, lambda: f"{name}（{_romanised(name, size, rng)}）"),
    ]
    if rng.random() < 0.06:
        return rng.choice(("小", "阿")) + name[-1], (name,)
    return rng.choices([way for _, way in ways], [weight for weight, _ in ways])[0](), ()


def _romanised(name: str, size: int, rng: random.Random) -> str:
    surname = {"单": "shan", "解": "xie", "仇": "qiu", "查": "zha", "朴": "piao", "盖": "ge", "区": "ou", "曾": "zeng"}
    family = surname.get(name[:size]) or "".join(lazy_pinyin(name[:size]))
    given = lazy_pinyin(name[size:])
    if rng.random() < 0.08:
        given = [g.replace("zh", "z").replace("sh", "s").replace("ng", "n") for g in given]
    if rng.random() < 0.04:
        at = rng.randrange(len(family))
        family = family[:at] + family[at + 1 :] if len(family) > 3 else family
    joined = rng.choice(("".join(given), " ".join(given), "-".join(given)))
    return rng.choice((
        f"{family.title()} {joined.title()}", f"{joined.title()} {family.title()}", f"{family.upper()} {joined.title()}",
        f"{family.upper()}, {joined.upper()}", f"{family}{''.join(given)}",
    ))  # fmt: skip


def _swapped_characters(name: str, size: int, table: dict[str, str], rng: random.Random) -> str:
    at = [i for i in range(size, len(name)) if name[i] in table]
    if not at:
        return name
    i = rng.choice(at)
    return name[:i] + rng.choice(table[name[i]]) + name[i + 1 :]


def _foreign_again(name: str, rng: random.Random) -> str:
    words = name.split()
    kind = rng.random()
    if kind < 0.35:
        return f"{words[-1].upper()} {' '.join(words[:-1])}"
    if kind < 0.5 and len(words) > 2:
        return f"{words[0]} {words[-1]}"
    if kind < 0.6:
        return f"{words[0][0]}. {' '.join(words[1:])}"
    if kind < 0.7:
        return (
            name.replace("Mohamed", "Muhammad")
            .replace("Yusuf", "Youssef")
            .replace("Dmitri", "Dmitry")
            .replace("ü", "u")
        )
    at = rng.randrange(1, len(name) - 1)
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :] if kind < 0.85 else name[:at] + name[at + 1 :]
