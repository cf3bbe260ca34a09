"""What columns are called in Chinese and English line lists, by our field: the vocabulary of `guess`."""

from __future__ import annotations

from fangxian.standards.linelist.recipe import RowKind

_CASES: dict[str, str] = {
    "id": (
        "id case_id caseid case_no case_number patient_id patientid patient_no 病例编号 编号 病例号 "
        "患者编号 序号 卡片编号 卡片id"
    ),
    "name": "name full_name patient_name 姓名 患者姓名 病例姓名",
    "sex": "sex gender 性别",
    "age": "age age_years age_group 年龄 周岁 年龄岁",
    "birth_year": "birth_year year_of_birth 出生年 出生年份",
    "birth_date": "birth_date date_of_birth dob birthday 出生日期 生日",
    "phone": "phone telephone mobile tel phone_number 电话 手机 手机号 联系电话 联系方式",
    "id_number": (
        "id_number national_id identity_number id_card passport 身份证 身份证号 身份证号码 证件号 证件号码 有效证件号"
    ),
    "address": ("address home_address residence city district 住址 现住址 地址 家庭住址 现住地址 现住详细地址"),
    "area": ("area area_code region_code division_code 区划代码 行政区划 地区编码 现住地址国标 现住址国标"),
    "lon": "lon lng longitude x_coord 经度",
    "lat": "lat latitude y_coord 纬度",
    "exposure_start": (
        "exposure_start dt_start_exp date_of_infection start_source infection_date 暴露开始 "
        "暴露日期 首次暴露时间 感染日期"
    ),
    "exposure_end": "exposure_end dt_end_exp end_source last_exposure 暴露结束 末次暴露时间 末次接触时间",
    "onset": (
        "onset dt_onset onset_date date_of_onset date_onset symptom_onset symptom_onset_date "
        "date_onset_symptoms 发病日期 发病时间 症状出现日期"
    ),
    "sampled_at": "sampled sample_date date_sampled specimen_date 采样日期 采样时间",
    "diagnosed_at": "diagnosed dt_diag date_of_diagnosis diagnosis_date 诊断日期 诊断时间",
    "confirmed_at": "confirmed confirm_date confirmed_date date_confirmation date_confirmed 确诊日期 确诊时间",
    "reported_at": (
        "reported dt_report report_date date_of_report reporting_date date_reported 报告日期 "
        "报告时间 报告卡录入时间 上报时间"
    ),
    "hospitalised_at": (
        "hospitalised date_of_hospitalisation date_hospital admission_date date_of_admission "
        "hospitalization_date 入院日期 住院日期"
    ),
    "isolated_at": "isolated date_quarantine isolation_date quarantine_date 隔离日期 隔离时间",
    "outcome": "outcome state status 转归 结局",
    "outcome_at": (
        "outcome_date date_of_outcome date_discharge released_date discharge_date 转归日期 出院日期 治愈日期"
    ),
    "died_at": "died death death_date dt_death date_of_death deceased_date 死亡日期 死亡时间",
    "classification": "classification case_status case_type case_class 病例分类 病例类型 诊断分类",
    "severity": "severity clinical_severity 病情 临床分型 临床严重程度",
    "origin": "origin imported import_status 输入性 感染来源分类 病例来源 是否输入",
    "place": "hospital facility place loc_hosp 医院 就诊医院 报告单位 收治医院 定点医院",
    "occupation": "occupation profession job 职业 人群分类",
    "infected_by": "infected_by infector source_case 感染者 传染源 上代病例 感染来源病例",
    "contact_count": "contact_number contact_count number_of_contacts contacts 密接人数 密切接触者数 密接数",
    "note": "note notes remark remarks comment comments additional_information 备注 说明",
}
_CONTACTS: dict[str, str] = {
    "from_id": ("from from_id infector source_case case index_case 病例编号 关联病例 来源病例 感染者 指示病例"),
    "to_id": "to to_id infectee contact contact_id case_id 密接编号 接触者编号 被感染者 密接者编号",
    "name": "name contact_name 姓名 密接姓名 接触者姓名",
    "sex": _CASES["sex"],
    "age": _CASES["age"],
    "phone": _CASES["phone"],
    "id_number": _CASES["id_number"],
    "area": _CASES["area"],
    "setting": "setting exposure contact_type source 接触方式 接触类型 接触场景",
    "place": "place location venue 接触地点 地点 场所",
    "start": "start first_contact contact_start contact_date 首次接触时间 接触开始时间 接触日期",
    "end": "end last_contact contact_end last_exposure 末次接触时间 最后接触时间 接触结束时间",
    "relation": "relation relationship 关系 与病例关系",
    "note": _CASES["note"],
}
_STOPS: dict[str, str] = {
    "person_id": _CASES["id"] + " person_id global_id 人员编号",
    "place": "place location venue place_name address 地点 场所 到访地点 地址",
    "kind": "type kind place_type category 场所类型 类型",
    "area": _CASES["area"],
    "lon": _CASES["lon"],
    "lat": _CASES["lat"],
    "start": "start date start_time arrival from_time visit_date 到达时间 开始时间 日期 到访日期",
    "end": "end end_time departure to_time 离开时间 结束时间",
    "note": _CASES["note"],
}
_TRIPS: dict[str, str] = {
    "trip": (
        "trip trip_no tripno train train_no flight flight_no flight_number vehicle plate 车次 航班 航班号 车次航班 车牌 车牌号 船次 班次"
    ),
    "start": "start t_in boarded boarding departure departure_time dep_time 上车时间 登机时间 乘车时间 出发时间 发车时间 起飞时间 开始时间",
    "end": "end t_out alighted arrival arrival_time arr_time 下车时间 到达时间 抵达时间 到站时间 落地时间 结束时间",
    "person_id": "person person_id passenger passenger_id 旅客编号 乘客编号 人员编号 编号",
    "id_number": _CASES["id_number"] + " 旅客证件号 乘客证件号",
    "phone": _CASES["phone"],
    "transport": "transport trip_type triptype vehicle_type 交通工具 交通方式 类型",
    "carriage": "carriage coach car 车厢 车厢号",
    "seat": "seat seat_no seatno 座位 座位号 席位号 座号 席位",
    "note": _CASES["note"],
}
HEADERS: dict[RowKind, dict[str, str]] = {
    "cases": _CASES, "contacts": _CONTACTS, "stops": _STOPS, "trips": _TRIPS
}  # fmt: skip
"""Kind of rows → field → names of its column, separated by blanks, the likeliest first."""

MISSING_WORDS = frozenset("na n/a nan null none nil - -- / . ? unknown 不详 未知 无 空 缺失 不明 暂无".split())
"""Words that people write where nothing is known, lower case."""
