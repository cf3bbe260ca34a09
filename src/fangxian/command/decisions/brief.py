"""The brief of a decision (决策简报): two pages for the meeting, composed from an answer as the daily report is, in either language."""

from datetime import datetime

from fangxian.analytics.deciding import Answer, Question, wording
from fangxian.analytics.deciding.figures import name_of
from fangxian.command.decisions import drawing
from fangxian.command.situation.paper import FORMS, Document
from fangxian.command.situation.paper.composing import Block, Picture, Run, Section, Table
from fangxian.text import Text

#: Rows of the frontier that are told on paper; a file has them all.
MOST = 8


def write(
    question: Question, answer: Answer, language: str, form: str, stamp: datetime, signed: Text | None = None
) -> bytes:
    """The brief as `pdf`, `docx` or `html`, dated `stamp`; `signed` says who decided what. Raises NoFont (`situation.paper.fonts`)."""
    return FORMS[form][0](compose(question, answer, language, stamp, signed))


def compose(question: Question, answer: Answer, language: str, stamp: datetime, signed: Text | None = None) -> Document:
    """What the brief says, in Chinese (zh) or English (en). Without `signed` it is a proposal and says so on every page."""

    def say(zh: str, en: str) -> str:
        return Text(zh, en).in_(language)

    def line(text: Text) -> Block:
        return (Run(text.in_(language)),)

    rests: list[Block] = [line(wording.marginal(question, one)) for one in answer.marginals]
    if answer.regret is not None:
        rests.append(line(wording.regret(question, answer.regret)))
    if answer.detection is not None:
        rests.append(line(wording.detection(question, answer.detection)))
    said = line(wording.headline(question, answer))
    picture = Picture(
        drawing.frontier(question, answer, language, height=300), say("效果与成本", "Effect against cost"),
        wording.headline(question, answer).in_(language),
    )  # fmt: skip
    grades = Text(
        "价格表逐项注明来源与等级；G 级为本产品的假定，决策前请换成本地数字。",
        "Prices have their sources and grades; those of grade G are assumptions: put local figures in their place before deciding.",
    )
    sections = [
        Section(say("一、建议", "1 Recommendation"), (line(signed), said) if signed else (said,)),
        Section(say("二、可选方案", "2 Options"), (picture, options(question, answer, language))),
        Section(say("三、依据与稳健性", "3 What it rests on"), tuple(rests)),
    ]
    if answer.compared:
        sections.append(Section(say("四、措施比较", "4 Measures compared"), (compared(question, answer, language),)))
    sections.append(
        Section(say("附：方法", "How it was worked out"), (line(wording.method(question, answer)), line(grades)))
    )
    return Document(
        language="zh-CN" if language.startswith("zh") else "en", title=question.name.in_(language), lines=(f"{stamp:%Y-%m-%d %H:%M}",),
        sections=tuple(sections), foot=say(f"防线 · 决策简报 {question.digest}", f"Fangxian · decision brief {question.digest}"),
        mark="" if signed else say("建议稿 未签批", "PROPOSAL, not signed"), stamp=stamp,
    )  # fmt: skip


def options(question: Question, answer: Answer, language: str) -> Table:
    """The policies of the frontier, the cheapest first; of many, those nearest to the knee."""
    at = answer.frontier.index(answer.knee)
    begin = max(0, min(at - MOST // 2, len(answer.frontier) - MOST))
    rows = []
    for place in answer.frontier[begin : begin + MOST]:
        one = answer.policies[place]
        mark = Text("★ ", "★ ").in_(language) if place == answer.knee else ""
        rows.append((
            mark + wording.policy(question, one.setting).in_(language), wording.ranged(question, question.effect, one.effect).in_(language),
            wording.ranged(question, question.cost, one.cost).in_(language), f"{100 * one.share:.0f}%",
        ))  # fmt: skip
    heads = (
        Text("方案（★ 建议）", "Policy (★ recommended)"), name_of(question, question.effect), name_of(question, question.cost),
        Text("在前沿上的把握", "Sure to be on it"),
    )  # fmt: skip
    return Table(tuple(one.in_(language) for one in heads), tuple(rows))


def compared(question: Question, answer: Answer, language: str) -> Table:
    """Sets of measures side by side on the same runs: figures and, against the first, what differs."""
    names = dict.fromkeys((question.effect, "deaths", "quarantine_days", "tests", question.cost))
    told = [name for name in names if all(name in one.figures for one in answer.compared)]
    rows = []
    for one, variant in zip(answer.compared, question.compare, strict=True):
        figures = [wording.ranged(question, name, one.figures[name]).in_(language) for name in told]
        rows.append((variant.name.in_(language), *figures))
    head = Text("方案", "Measures").in_(language)
    return Table((head, *(name_of(question, name).in_(language) for name in told)), tuple(rows))
