"""An answer in sentences, in both languages: what to read first, what each measure is worth, what it rests on."""

from __future__ import annotations

from fangxian.analytics.deciding.answer import Answer, Detection, Estimate, Marginal, Policy, Regret
from fangxian.analytics.deciding.figures import COST, is_money, name_of
from fangxian.analytics.deciding.question import Question, Setting
from fangxian.text import Text, listed

_CURRENCY = {"CNY": Text("元", "CNY")}


def amount(question: Question, figure: str, value: float) -> Text:
    """A value of a figure as people say it; money in the currency of the prices."""
    if not is_money(question, figure):
        whole = f"{round(value):,}"
        return _minus(Text(whole, whole))
    unit = _CURRENCY.get(question.prices.currency, Text(question.prices.currency, question.prices.currency))
    size = abs(value)
    zh = f"{value / 1e8:,.2f} 亿" if size >= 1e8 else f"{value / 1e4:,.1f} 万" if size >= 1e4 else f"{value:,.0f} "
    en = (
        f"{value / 1e6:,.1f} million"
        if size >= 1e6
        else f"{value / 1e3:,.0f} thousand"
        if size >= 1e4
        else f"{value:,.0f}"
    )
    return _minus(Text(f"{zh}{unit.zh}", f"{unit.en} {en}"))


def ranged(question: Question, figure: str, one: Estimate) -> Text:
    """447 (401–493), as people say the figure."""
    # Nothing that is counted is below 0, whatever the approximation says.
    value, low, high = (amount(question, figure, part) for part in (one.value, max(0.0, one.low), one.high))
    return Text(f"{value.zh}（{low.zh}–{high.zh}）", f"{value.en} ({low.en}–{high.en})")


def policy(question: Question, setting: Setting) -> Text:
    """A policy by its values: testing 0.3, tracing 0.8, …"""
    pairs = zip(question.choices, setting, strict=True)
    return listed(
        (one.name.joined(one.said(one.at(at)), " ") for one, at in pairs),
        "，",
    )


def headline(question: Question, answer: Answer) -> Text:
    """The recommendation in two sentences: what the knee does, what it buys and for how much, and why not less or more."""
    best, least = answer.best, answer.least
    name = name_of(question, question.effect)
    share = 100 * (1 - best.effect.value / least.effect.value) if least.effect.value else 0.0
    chosen, cost = policy(question, best.setting), amount(question, question.cost, best.cost.value)
    left, most = (ranged(question, question.effect, one.effect) for one in (best, least))
    first = Text(
        f"建议方案：{chosen.zh}。预计{name.zh} {left.zh}，比各项都取最低档（{most.zh}）少 {share:.0f}%，{_cost(question).zh} {cost.zh}。",
        f"Recommended: {chosen.en}. Expected {name.en} {left.en}, {share:.0f} % less than the least of everything ({most.en});"
        f" {_cost(question).en} {cost.en}. ",
    )
    return first.joined(_sides(question, answer))


def marginal(question: Question, one: Marginal) -> Text:
    """What a measure is worth, and from where on more of it buys nothing."""
    choice = next(choice for choice in question.choices if choice.key == one.choice)
    effect = name_of(question, question.effect)
    first, last = one.steps[0], one.steps[-1]
    gained = amount(question, question.effect, last.effect.value - first.effect.value)
    paid = amount(question, question.cost, last.cost.value - first.cost.value)
    begin, end = choice.said(first.value), choice.said(last.value)
    said = Text(
        f"{choice.name.zh}：从 {begin.zh} 到 {end.zh}，{effect.zh}变化 {gained.zh}，"
        f"{_cost(question).zh}变化 {paid.zh}。",
        f"{choice.name.en}: from {begin.en} to {end.en}, {effect.en} change by {gained.en},"
        f" {_cost(question).en} by {paid.en}. ",
    )
    if one.enough is None:
        return said.joined(Text("到表中最强一档仍有收益。", "At its last value it still buys something."))
    at = choice.said(one.steps[one.enough].value)
    if one.enough == 0:
        return said.joined(Text("在此方案中看不出收益。", "Under this policy it buys nothing that can be told."))
    return said.joined(
        Text(f"到 {at.zh} 为止；再加码看不出收益。", f"Up to {at.en}; beyond that more buys nothing that can be told.")
    )


def regret(question: Question, one: Regret) -> Text:
    """What happens to the recommendation if transmission is stronger."""
    more = round(100 * (one.times - 1))
    effect, cost = (
        amount(question, figure, told.value)
        for figure, told in ((question.effect, one.effect), (question.cost, one.cost))
    )
    name = name_of(question, question.effect)
    first = Text(
        f"若传播力高 {more}%：建议方案的{name.zh}为 {effect.zh}，{_cost(question).zh} {cost.zh}。",
        f"If transmission is {more} % stronger, the recommended policy comes to {name.en} {effect.en}, {_cost(question).en} {cost.en}. ",
    )
    if one.regret.value <= 0:
        return first.joined(Text("它仍是前沿上最好的选择。", "It is still the best of the frontier."))
    best, robust = policy(question, one.best), policy(question, one.robust)
    effect, cost = (
        amount(question, figure, told.value)
        for figure, told in ((question.effect, one.best_effect), (question.cost, one.best_cost))
    )
    lost, worth = amount(question, COST, one.regret.value), amount(question, COST, one.worth)
    return first.joined(
        Text(
            f"那时最好的是：{best.zh}（{name.zh} {effect.zh}，{_cost(question).zh} {cost.zh}）；后悔值 {lost.zh}"
            f"（每单位{name.zh}按 {worth.zh}折算）。两种情形下最大后悔最小的是：{robust.zh}。",
            f"The best would then have been: {best.en} ({name.en} {effect.en}, {_cost(question).en} {cost.en});"
            f" regret {lost.en}, a unit of {name.en} counted as {worth.en}. Least regret whichever holds: {robust.en}.",
        )
    )


def detection(question: Question, one: Detection) -> Text:
    """What a day is worth, and whether earlier beat harder here."""
    name = name_of(question, question.effect)
    days = listed(
        (
            Text(
                f"早 {step.days} 天：{name.zh}少 {amount(question, question.effect, step.avoided.value).zh}",
                f"{step.days} d earlier: {name.en} lower by {amount(question, question.effect, step.avoided.value).en}",
            )
            for step in one.steps
        ),
        "；", "; ",
    )  # fmt: skip
    said = Text(
        f"第 {one.day - question.today} 天生效。{days.zh}。",
        f"In force from day {one.day - question.today}. {days.en}. ",
    )
    if one.harder is None:
        return said.joined(Text("前沿上没有更强的方案可比。", "Nothing on the frontier is harder to compare with."))
    harder = policy(question, one.harder)
    last = one.steps[-1].days
    return said.joined({
        "shown": Text(
            f"“早”胜过“严”：早 {one.since} 天用建议方案，效果不差于、成本不高于按时用更强方案（{harder.zh}）。",
            f"Earlier beats harder here: the same policy {one.since} d earlier does at least as much, for no more,"
            f" as the harder one on time ({harder.en}).",
        ),
        "refuted": Text(
            f"在本例中“早”没有胜过“严”：即使早 {last} 天，仍不如更强方案（{harder.zh}）效果好或省。",
            f"Earlier does not beat harder here: even {last} d earlier the policy does less, or costs more,"
            f" than the harder one ({harder.en}).",
        ),
        "open": Text(
            f"“早”是否胜过“严”，这些次推演还看不出（与更强方案相比：{harder.zh}）。",
            f"Whether earlier beats harder these runs do not tell (against: {harder.en}).",
        ),
    }[one.verdict])  # fmt: skip


def method(question: Question, answer: Answer) -> Text:
    """How it was found, with numbers."""
    grid = len(question.policies)
    rounds = "→".join(f"{one.policies}×{one.runs}" for one in answer.rounds)
    full = grid * question.runs[1]
    before = (0, *(one.runs for one in answer.rounds))
    chosen = sum(one.policies * (one.runs - was) for one, was in zip(answer.rounds, before, strict=False))
    bred = len(answer.policies) - grid
    between = Text("", "")
    if bred:
        between = Text(
            f"在各档之间又以 NSGA-II 试了 {bred} 种方案。",
            f" Between the values {bred} more policies were tried by NSGA-II.",
        )
    return Text(
        f"{answer.people:,} 人的城市推演 {answer.days} 天；{grid:,} 种方案逐轮减半（方案×次数：{rounds}），所有方案用同一组随机数，"
        f"筛选推演 {chosen:,} 次（不淘汰需 {full:,} 次），连同稳健性检验共 {answer.made:,} 次。",
        f"A city of {answer.people:,} people over {answer.days} days; {grid:,} policies by successive halving"
        f" (policies × runs: {rounds}),"
        f" all under the same random numbers; {chosen:,} runs to choose (a full grid takes {full:,}),"
        f" {answer.made:,} with what it rests on.",
    ).joined(between)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _minus(text: Text) -> Text:
    return Text(text.zh.replace("-", "−"), text.en.replace("-", "−"))


def _cost(question: Question) -> Text:
    return name_of(question, question.cost)


def _sides(question: Question, answer: Answer) -> Text:
    """The price of a unit of effect on both sides of the knee."""
    on = [answer.policies[place] for place in answer.frontier]
    at = answer.frontier.index(answer.knee)
    below = _rate(on[at - 1], on[at]) if at else None
    above = _rate(on[at], on[at + 1]) if at + 1 < len(on) else None
    name = name_of(question, question.effect)
    if below is None and above is None:
        return Text("没有别的方案更省或更有效。", "No other policy does more or costs less.")
    if above is None:
        return Text("表中没有更有效的方案。", "No policy on the table does more.")
    dear = amount(question, question.cost, above)
    if below is None:
        return Text(
            f"再往上，每再减少一个单位的{name.zh}要花 {dear.zh}。",
            f"Beyond it, each unit of {name.en} avoided takes {dear.en}.",
        )
    cheap = amount(question, question.cost, below)
    return Text(
        f"到此为止，每减少一个单位的{name.zh}花 {cheap.zh}；再往上要花 {dear.zh}。",
        f"Up to here each unit of {name.en} avoided takes {cheap.en}; beyond it, {dear.en}.",
    )


def _rate(less: Policy, more: Policy) -> float:
    return (more.cost.value - less.cost.value) / (less.effect.value - more.effect.value)
