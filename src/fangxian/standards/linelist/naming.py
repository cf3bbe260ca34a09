"""What our fields are called, for pages on which a column is given its meaning."""

from __future__ import annotations

from collections.abc import Mapping

from fangxian.standards.linelist.recipe import RowKind
from fangxian.text import Text

KINDS: Mapping[RowKind, Text] = {
    "cases": Text("病例", "cases"),
    "contacts": Text("接触者", "contacts"),
    "exposures": Text("暴露", "exposures"),
    "stops": Text("活动轨迹", "stops of a track"),
    "trips": Text("乘坐记录", "journeys"),
}

NAMES: Mapping[str, Text] = {
    "id": Text("编号", "identifier"),
    "from_id": Text("病例编号（来源）", "identifier of the case"),
    "to_id": Text("接触者编号", "identifier of the contact"),
    "person_id": Text("人员编号", "identifier of the person"),
    "name": Text("姓名", "name"),
    "sex": Text("性别", "sex"),
    "age": Text("年龄", "age"),
    "birth_year": Text("出生年份", "year of birth"),
    "birth_date": Text("出生日期", "date of birth"),
    "phone": Text("电话", "telephone"),
    "id_number": Text("证件号码", "identity number"),
    "address": Text("住址", "address"),
    "area": Text("区划代码", "division code"),
    "lon": Text("经度", "longitude"),
    "lat": Text("纬度", "latitude"),
    "exposure_start": Text("暴露开始", "exposure began"),
    "exposure_end": Text("暴露结束", "exposure ended"),
    "onset": Text("发病日期", "onset"),
    "sampled_at": Text("采样时间", "sampled"),
    "diagnosed_at": Text("诊断时间", "diagnosed"),
    "confirmed_at": Text("确诊时间", "confirmed"),
    "reported_at": Text("报告时间", "reported"),
    "hospitalised_at": Text("入院时间", "admitted"),
    "isolated_at": Text("隔离时间", "isolated"),
    "outcome": Text("转归", "outcome"),
    "outcome_at": Text("转归日期", "date of outcome"),
    "died_at": Text("死亡日期", "date of death"),
    "classification": Text("病例分类", "case class"),
    "severity": Text("病情", "severity"),
    "origin": Text("来源（输入或本土）", "origin"),
    "place": Text("地点或医疗机构", "place or hospital"),
    "occupation": Text("职业", "occupation"),
    "infected_by": Text("感染来源病例", "infected by"),
    "contact_count": Text("密接人数", "number of contacts"),
    "setting": Text("接触方式", "setting"),
    "start": Text("开始时间", "began"),
    "end": Text("结束时间", "ended"),
    "relation": Text("与病例关系", "relation"),
    "trip": Text("车次、航班号或车牌号", "number of the train, flight or vehicle"),
    "transport": Text("交通工具", "means of transport"),
    "carriage": Text("车厢", "carriage"),
    "seat": Text("座位", "seat"),
    "kind": Text("场所类型", "kind of place"),
    "note": Text("备注", "note"),
}
