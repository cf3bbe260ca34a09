"""The closed lists of isolation, with their names in both languages."""

from collections.abc import Mapping

from fangxian.text import Text

LINKS: Mapping[str, Text] = {
    "told": Text("已告知", "told"),
    "aboard": Text("已上车", "aboard"),
    "arrived": Text("已到隔离点", "arrived"),
    "housed": Text("已入住", "in a room"),
    "home": Text("居家", "at home"),
    "closed": Text("已闭环", "closed"),
}
ZONES: Mapping[str, Text] = {
    "observation": Text("医学观察区", "observation"),
    "living": Text("工作人员生活区", "staff living"),
    "supplies": Text("物资保障区", "supplies"),
}
PASSAGES: Mapping[str, Text] = {
    "staff": Text("工作人员通道", "staff passage"),
    "isolated": Text("隔离人员通道", "passage of the isolated"),
}
ROOM_STATES: Mapping[str, Text] = {
    "ready": Text("可用", "ready"),
    "cleaning": Text("待终末消毒", "to be cleaned"),
    "out": Text("停用", "out of use"),
}
NEEDS: Mapping[str, Text] = {
    "minor": Text("未成年人", "minor"),
    "pregnancy": Text("孕产妇", "pregnancy"),
    "dialysis": Text("血液透析", "dialysis"),
    "disability": Text("残疾或行动不便", "disability"),
    "elderly": Text("需照护老人", "old and in need of care"),
    "medicine": Text("长期用药", "regular medicine"),
    "pet": Text("携带宠物", "pet"),
}
#: Of these, those that ask something of the room: it must be marked as suiting them. The others ask for people.
ROOM_NEEDS = frozenset({"dialysis", "disability", "pet"})
MOODS: Mapping[str, Text] = {
    "calm": Text("平稳", "calm"),
    "low": Text("低落", "low"),
    "anxious": Text("焦虑", "anxious"),
    "crisis": Text("需心理干预", "needs help now"),
}
MEDICINE: Mapping[str, Text] = {
    "none": Text("无需用药", "none needed"),
    "taken": Text("已服", "taken"),
    "missing": Text("缺药", "has run out"),
}
ERRANDS: Mapping[str, Text] = {
    "delivery": Text("物资配送", "delivery"),
    "medical": Text("外出就医", "medical trip"),
    "other": Text("其他", "other"),
}
DECISIONS: Mapping[str, Text] = {
    "extend": Text("延长隔离", "extension"),
    "early": Text("提前解除集中隔离", "early release from the site"),
    "together": Text("同意共同居住", "may stay together"),
    "apart": Text("不同意共同居住", "may not stay together"),
    "isolate": Text("实施隔离", "isolation itself"),
    "date": Text("解除时间", "time of release"),
}
OUTCOMES: Mapping[str, Text] = {
    "released": Text("期满解除", "released"),
    "became_case": Text("转为病例", "became a case"),
    "lost": Text("失访", "lost"),
    "excluded": Text("排除", "no contact after all"),
    "died": Text("死亡", "died"),
    "moved": Text("移交外地", "moved"),
    "called_off": Text("撤销", "called off"),
    "again": Text("重新隔离", "to be isolated again"),
}
#: What is done in a building with home isolation, and told to the neighbours.
MEASURES: Mapping[str, Text] = {
    "lift": Text("电梯、楼道等公共部位每日消毒", "Lifts, stairs and other shared parts are disinfected every day."),
    "rubbish": Text(
        "隔离户垃圾由专人上门收运，请勿翻动",
        "Rubbish of homes in isolation is collected at the door; please leave it alone.",
    ),
    "delivery": Text("隔离户的生活物资由社区送至门口", "The community brings supplies to homes in isolation."),
    "air": Text("请保持室内通风，公共部位佩戴口罩", "Please air your rooms, and wear a mask in shared parts."),
}
