"""Line lists of a town that does not exist, with every trap that a list can hold, and the recipe to read them."""

from pathlib import Path

import xlsxwriter

RECIPE = """
title: {zh: 岚江市疫情（虚构）, en: Lanjiang outbreak (fictional)}
pack: mers-who
time_zone: Asia/Shanghai
missing: [NA]
dates: [ymd, excel]
jurisdictions:
  - {code: "98", name: {zh: 甲省, en: Province A}}
  - {code: "9801", name: {zh: 岚江市, en: Lanjiang}}
  - {code: "980101", name: {zh: 江东区, en: Jiangdong}}
tables:
  - rows: cases
    file: cases.csv
    fields:
      id: 编号
      name: 姓名
      sex: {column: 性别, values: {男: male, 女: female}}
      age: 年龄
      area: {constant: "980101"}
      onset: 发病
      diagnosed_at: 确诊
      reported_at: 报告
      died_at: 死亡
      classification: {constant: confirmed}
      note: 备注
  - rows: contacts
    file: contacts.xlsx
    contacts_are: infections
    fields: {from_id: 传染源, to_id: 被传染, setting: 场所}
"""

HEADER = "编号,姓名,性别,年龄,发病,确诊,报告,死亡,备注"
ROWS = (
    "C1,王小明,男,34,2020-01-10,2020-01-15,2020-01-15,,",
    "C2,𠮷田,女,50,43850,2020-01-22,2020-01-22,,日期是表格软件的序号",
    "C3,محمد,男,41,2020年1月24日,2020-01-27,2020-01-27,,从右向左的姓名",
    "C4," + "欧" * 40 + ",女,29,2020-01-25,2020-01-28,2020-01-28,,四十个字",
    "C5,李雷,男,40,2020-01-26,2020-01-29,2020-01-29,2020-01-20,死亡在发病之前",
    "C6,=cmd|'/C calc'!A0,女,30,2020-01-27,2020-01-30,2020-01-30,,公式",
    "C1,王小明,男,34,2020-01-10,2020-01-15,2020-01-15,,",
    "C2,另一人,男,50,43850,2020-01-22,2020-01-22,,编号重复",
    "C7,韩梅,女,34,去年,NA,NA,,没有日期",
    "C8,赵云,男,20,2020-01-28,2020-02-01,2020-02-01,,",
)
LINKS = (
    ("C1", "C2", "医院"), ("C2", "C3", "家庭"), ("C3", "C1", "成环"), ("C9", "C8", "没有这个病例"), ("C4", "C4", "自己"),
    ("C1", "C4", "家庭"),
)  # fmt: skip


def write(folder: Path) -> Path:
    """The files, in the encodings and shapes that offices send; the path of the recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cases.csv").write_bytes("\r\n".join((HEADER, *ROWS)).encode("gb18030"))
    with xlsxwriter.Workbook(folder / "contacts.xlsx") as book:
        sheet = book.add_worksheet("接触")
        sheet.write_row(0, 0, ("传染源", "被传染", "场所"))
        for number, link in enumerate(LINKS, 1):
            sheet.write_row(number, 0, link)
        sheet.merge_range(len(LINKS) + 1, 0, len(LINKS) + 2, 0, "C4")
        sheet.write_row(len(LINKS) + 1, 1, ("C5", "家庭"))
        sheet.write_row(len(LINKS) + 2, 1, ("C6", "家庭"))
    recipe = folder / "lanjiang.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return recipe


def write_long(folder: Path, cases: int) -> Path:
    """A list of many plain rows, so that there is a middle in which it can be interrupted."""
    folder.mkdir(parents=True, exist_ok=True)
    days = [f"2020-0{1 + n % 6}-{1 + n % 28:02}" for n in range(cases)]
    rows = [f"L{n},人{n},男,{20 + n % 60},{day},{day},{day},," for n, day in enumerate(days)]
    (folder / "cases.csv").write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    links = [f"L{n},L{n + 1},家庭" for n in range(0, cases - 1, 2)]
    (folder / "contacts.csv").write_text("\n".join(("传染源,被传染,场所", *links)), encoding="utf-8")
    recipe = folder / "long.yaml"
    recipe.write_text(RECIPE.replace("contacts.xlsx", "contacts.csv"), encoding="utf-8")
    return recipe
