"""`fangxian protocols`: read, check and compare the guidelines that the platform acts on. Needs no database."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled
from rich.tree import Tree

from fangxian import protocols
from fangxian.cli.started import language, say
from fangxian.protocols import Cited, DutyRule, Pack, PackError, Text
from fangxian.protocols.vocabulary import terms

app = typer.Typer(no_args_is_help=True)

GRADE_STYLES = {"A": "green", "B": "cyan", "C": "yellow", "G": "red"}
STATUSES = {
    "in_force": Text("有效", "in force"),
    "historical": Text("已失效", "historical"),
    "draft": Text("草案", "draft"),
}
Ref = Annotated[
    str,
    typer.Argument(
        help=say("自带的包或补充规定的名称，或一个 YAML 文件", "A shipped pack or overlay by name, or a YAML file"),
        metavar="PACK",
    ),
]
Overlays = Annotated[
    list[str] | None,
    typer.Option("--overlay", help=say("叠加的地方补充；可写多次", "Overlay to apply; may be repeated")),
]
AsJson = Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))]
Lang = Annotated[
    str | None,
    typer.Option("--lang", help=say("zh 或 en；默认为终端的语言", "zh or en; by default the language of the terminal")),
]


@app.command("list", help=say("产品自带的规程包与地方补充", "The packs and overlays that come with the product"))
def list_packs(as_json: AsJson = False, lang: Lang = None) -> None:
    """The packs and overlays that come with the product."""
    infos = protocols.available()
    if as_json:
        _print_json([{**asdict(info), "path": info.path.name} for info in infos])
        return
    tongue = lang or language()
    table = Table(box=None, header_style="bold")
    table.add_column(_both("名称", "id", tongue), no_wrap=True)
    table.add_column(_both("内容", "what", tongue), overflow="fold")
    table.add_column(_both("状态", "status", tongue), overflow="fold")
    table.add_column(_both("义务", "duties", tongue), justify="right")
    for grade, style in GRADE_STYLES.items():
        table.add_column(grade, justify="right", style=style)
    for info in infos:
        status = STATUSES[info.status].in_(tongue) + (f" → {info.superseded_by}" if info.superseded_by else "")
        name = ("↳ " if info.base else "") + info.name.in_(tongue)
        table.add_row(info.id, name, status, str(info.duties), *(str(info.grades[grade]) for grade in GRADE_STYLES))
    Console().print(table)


@app.command(
    help=say(
        "按人阅读的方式显示一个规程包，每个数值注明等级", "A pack as a person reads it, with the grade of every value"
    )
)
def show(
    ref: Ref,
    overlay: Overlays = None,
    duty: Annotated[
        str | None,
        typer.Option(help=say("只要这一项，如 contact.observation", "Only this duty, such as contact.observation")),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """A pack as a person reads it, with the grade of every value."""
    pack = _load(ref, *(overlay or ()))
    if duty is not None and duty not in pack.duties:
        raise typer.BadParameter(
            _both("可选：", "choose one of: ", lang or language()) + ", ".join(pack.duties), param_hint="--duty"
        )
    tongue = lang or language()
    if as_json:
        content = protocols.dump(pack)
        _print_json(content["duties"][duty] if duty else content)
        return
    console = Console()
    if duty:
        console.print(_duty_tree(pack.duties[duty], tongue))
    else:
        for part in _pages(pack, tongue):
            console.print(part)


@app.command(
    help=say(
        "规程包是否可用，还有哪些须查证原文。不可用时以 1 退出",
        "Is it a sound pack, and what in it has still to be looked up in the original? Exits with 1 when it is not sound",
    )
)
def check(ref: Ref, overlay: Overlays = None, as_json: AsJson = False, lang: Lang = None) -> None:
    """Is it a sound pack, and what in it has still to be looked up in the original? Exits with 1 when it is not sound."""
    tongue = lang or language()
    try:
        pack = protocols.load(ref, *(overlay or ()))
    except PackError as error:
        if as_json:
            _print_json({"sound": False, "problems": [asdict(problem) for problem in error.problems]})
        else:
            console = Console(stderr=True)
            for problem in error.problems:
                console.print(problem.in_(tongue), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    grades = {grade: sum(value.grade == grade for value in pack.values.values()) for grade in GRADE_STYLES}
    lookups = {path: value for path, value in pack.values.items() if value.grade in ("C", "G")}
    no_clause = sum(value.published and value.clause is None for value in pack.values.values())
    if as_json:
        _print_json({
            "sound": True, "id": pack.id, "version": pack.version, "status": pack.status,
            "values": len(pack.values), "grades": grades, "without_clause": no_clause,
            "needs_primary": [
                {"path": path, "grade": value.grade, "source": value.source, "value": value.text.in_(tongue)}
                for path, value in pack.values.items() if value.needs_primary
            ],
        })  # fmt: skip
        return
    console = Console()
    console.print(
        Panel(
            f"[bold]{pack.name.in_(tongue)}[/]\n{pack.id}@{pack.version} · {STATUSES[pack.status].in_(tongue)}\n"
            + _both(f"{len(pack.values)} 个数值", f"{len(pack.values)} cited values", tongue)
            + " · " + " · ".join(f"[{style}]{grade} {grades[grade]}[/]" for grade, style in GRADE_STYLES.items())
            + "\n" + _both(f"{no_clause} 个已发布数值缺条款号", f"{no_clause} published values lack their clause", tongue),
            title=_both("规程包可用", "The pack is sound", tongue), border_style="green", expand=False,
        )
    )  # fmt: skip
    table = Table(
        title=_both("使用前须查证的数值（C、G 级）", "To be looked up before use (grades C and G)", tongue), box=None,
    )  # fmt: skip
    for heading in (
        _both("路径", "path", tongue),
        _both("值", "value", tongue),
        _both("等级与出处", "grade, source", tongue),
    ):
        table.add_column(heading, overflow="fold")
    for path, value in lookups.items():
        table.add_row(path, value.text.in_(tongue), _grade(value).append(f" {value.source}"))
    console.print(table)


@app.command(help=say("两个规程包逐值比较", "What differs between two packs, value by value"))
def diff(a: Ref, b: Ref, as_json: AsJson = False, lang: Lang = None) -> None:
    """What differs between two packs, value by value."""
    tongue = lang or language()
    left, right = _load(a), _load(b)
    found = protocols.diff(left, right)
    if as_json:
        _print_json([asdict(difference) for difference in found])
        return
    console = Console()
    if not found:
        console.print(_both("没有差别", "No difference", tongue))
        return
    table = Table(box=None, header_style="bold", row_styles=["", "dim"])
    for heading in (_both("内容", "what", tongue), left.id, right.id if right.id != left.id else b):
        table.add_column(heading, overflow="fold", ratio=1)
    for difference in found:
        cells = [
            Styled("—" if shown is None else shown.in_(tongue), style="" if shown else "dim").append(
                f" {grade}" if grade else "", GRADE_STYLES.get(grade or "", "")
            )
            for shown, grade in zip((difference.before, difference.after), difference.grades, strict=True)
        ]
        table.add_row(difference.label.in_(tongue), *cells)
    console.print(table)
    console.print(_both(f"{len(found)} 处差别", f"{len(found)} differences", tongue), style="bold")


def _load(ref: str, *overlays: str) -> Pack:
    try:
        return protocols.load(ref, *overlays)
    except PackError as error:
        Console(stderr=True).print(error.in_(language()), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


def _pages(pack: Pack, tongue: str) -> list[Any]:
    dates = [f"{name} {date}" for name, date in (
        (_both("发布", "issued", tongue), pack.issued), (_both("施行", "in force", tongue), pack.in_force),
        (_both("失效", "ended", tongue), pack.ended), (_both("被取代", "superseded by", tongue), pack.superseded_by),
    ) if date]  # fmt: skip
    head = [f"{pack.id}@{pack.version} · {STATUSES[pack.status].in_(tongue)}", " · ".join(dates)]
    if pack.overlays:
        head.append(_both("补充规定：", "overlays: ", tongue) + ", ".join(pack.overlays))
    if pack.note:
        head.append(pack.note.in_(tongue))
    pages: list[Any] = [Panel("\n".join(line for line in head if line), title=pack.name.in_(tongue), expand=False)]
    pages += [_definitions(pack, tongue), _exposure(pack, tongue)]
    pages += [_duty_tree(rule, tongue) for rule in pack.duties.values()]
    pages += [_tables(pack, tongue), _sources(pack, tongue)]
    return pages


def _definitions(pack: Pack, tongue: str) -> Tree:
    tree = Tree(Styled(_both("病例定义与传染期", "Case definitions and infectious window", tongue), "bold"))
    tree.add(_line(_both("报告时限", "report within", tongue), pack.report.within, tongue))
    for definition in pack.cases:
        branch = tree.add(Styled(definition.name.in_(tongue)).append(" ").append_text(_grade(definition.cite)))
        branch.add(definition.when.text.in_(tongue))
    for window in pack.infectious:
        span = _both("传染期自 ", "infectious from ", tongue) + window.from_.text.in_(tongue)
        if window.to:
            span += _both(" 至 ", " to ", tongue) + window.to.text.in_(tongue)
        if str(window.when) != "all of ()":
            span += _both("（当 ", " (when ", tongue) + window.when.text.in_(tongue) + _both("）", ")", tongue)
        tree.add(Styled(span + " ").append_text(_grade(window.from_.offset)))
    return tree


def _exposure(pack: Pack, tongue: str) -> Tree:
    tree = Tree(Styled(_both("接触类别", "Exposure categories", tongue), "bold"))
    for category in pack.exposure.categories if pack.exposure else ():
        off = "" if category.is_on else _both("（未启用）", " (off)", tongue)
        branch = tree.add(Styled(category.name.in_(tongue) + off + " ").append_text(_grade(category.cite)))
        for criterion in category.criteria:
            branch.add(Styled(criterion.name.in_(tongue) + " ").append_text(_grade(criterion.cite or category.cite)))
    return tree


def _duty_tree(rule: DutyRule, tongue: str) -> Tree:
    family = (
        _both("法定", "legal duty", tongue) if rule.family == "legal" else _both("良好实践", "good practice", tongue)
    )
    tree = Tree(Styled(rule.name.in_(tongue), "bold").append(f"  {rule.kind} · {family}", "dim"))
    opened = " / ".join(terms("moments")[moment].in_(tongue) for moment in rule.opens.moments)
    tree.add(_both("触发：", "opened when ", tongue) + opened)
    for stage in rule.stages:
        until = stage.length or (stage.to and stage.to.offset)
        label = f"{stage.name.in_(tongue)}: {_both('自', 'from', tongue)} {rule.say(stage.from_).in_(tongue)}, "
        length = stage.length.text if stage.length else rule.say(stage.to) if stage.to else Text("", "")
        tree.add(Styled(label + length.in_(tongue) + " ").append_text(_grade(until) if until else Styled()))
    steps = tree.add(_both("步骤", "steps", tongue))
    for step in rule.steps:
        when = step.on_days.text.in_(tongue) if step.on_days else rule.say(step.due).in_(tongue) if step.due else "—"
        where = f"{terms('levels')[step.level].in_(tongue)} " if step.level else ""
        line = Styled(f"{step.name.in_(tongue)}  ").append(f"{where}{terms('roles')[step.role].in_(tongue)}  ", "dim")
        steps.add(line.append(when + " ").append_text(_grade(step.citation)))
    if rule.release:
        release = tree.add(_both("解除条件", "released when", tongue))
        if rule.release.after:
            release.add(rule.say(rule.release.after).in_(tongue))
        for need in rule.release.needs:
            release.add(need.name.in_(tongue))
        if str(rule.release.where) != "all of ()":
            release.add(rule.release.where.text.in_(tongue))
    outcomes = ", ".join(terms("outcomes")[outcome].in_(tongue) for outcome in rule.outcomes)
    tree.add(_both("结局：", "outcomes: ", tongue) + outcomes)
    tree.add(_line(_both("逾期上报间隔", "escalates every", tongue), rule.escalate, tongue))
    return tree


def _tables(pack: Pack, tongue: str) -> Tree:
    tree = Tree(Styled(_both("分区、阈值与参数", "Zones, thresholds and parameters", tongue), "bold"))
    for level in pack.zones.levels if pack.zones else ():
        if level.is_on:
            measures = "; ".join(measure.name.in_(tongue) for measure in level.measures)
            tree.add(Styled(f"{level.name.in_(tongue)}: {measures} ").append_text(_grade(level.cite)))
    for lift in pack.zones.lift if pack.zones else ():
        if lift.is_on:
            tree.add(Styled(f"{lift.name.in_(tongue)}: {lift.when.text.in_(tongue)} ").append_text(_grade(lift.cite)))
    for code in pack.codes:
        tree.add(Styled(f"{code.name.in_(tongue)}: {code.when.text.in_(tongue)} ").append_text(_grade(code.cite)))
    for threshold in pack.thresholds:
        within = f" / {threshold.within.text.in_(tongue)}" if threshold.within else ""
        label = f"{threshold.name.in_(tongue)}: ≥ {threshold.count.text.in_(tongue)}{within} · {threshold.scope.in_(tongue)} "
        tree.add(Styled(label).append_text(_grade(threshold.count)))
    for post in pack.posts:
        label = f"{post.name.in_(tongue)}: {post.tests.text.in_(tongue)} / {post.every.text.in_(tongue)} "
        tree.add(Styled(label).append_text(_grade(post.tests)))
    for kept in pack.retention:
        limit = kept.at_most or kept.at_least
        word = _both("至多", "at most", tongue) if kept.at_most else _both("至少", "at least", tongue)
        tree.add(_line(f"{kept.name.in_(tongue)} {word}", limit or kept.cite, tongue))
    for target in pack.targets:
        tree.add(_line(target.name.in_(tongue), target.within, tongue))
    for group in pack.parameters:
        branch = tree.add(group.name.in_(tongue))
        for parameter in group.values:
            branch.add(_line(parameter.name.in_(tongue), parameter.value, tongue))
    return tree


def _sources(pack: Pack, tongue: str) -> Tree:
    tree = Tree(Styled(_both("来源", "Sources", tongue), "bold"))
    for source in pack.sources:
        tree.add(Styled(f"{source.key}  ", "dim").append(source.text.in_(tongue), ""))
    return tree


def _line(label: str, cited: Cited, tongue: str) -> Styled:
    return Styled(f"{label}: {cited.text.in_(tongue)} ").append_text(_grade(cited))


def _grade(cited: Cited) -> Styled:
    mark = f"{cited.grade} {cited.clause}" if cited.clause else cited.grade
    return Styled(f"[{mark}]", GRADE_STYLES[cited.grade])


def _both(zh: str, en: str, tongue: str) -> str:
    return Text(zh, en).in_(tongue)


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, Path) else str(value)
