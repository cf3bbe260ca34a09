"""The methods by name, for whoever lets people choose: command line, pages, settings of a source."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from fangxian.analytics.detection.charts import Charts
from fangxian.analytics.detection.cusum import cusum
from fangxian.analytics.detection.ears import ears_c1, ears_c2, ears_c3
from fangxian.analytics.detection.essence import ewma, regression, switch
from fangxian.analytics.detection.farrington import farrington, farrington_flexible
from fangxian.analytics.detection.history import bayes, moving_percentile, rki
from fangxian.analytics.detection.likelihood_ratio import glr, lr
from fangxian.analytics.detection.outbreak_p import outbreak_p
from fangxian.analytics.detection.results import Detection, DetectionError
from fangxian.analytics.detection.series import Series
from fangxian.text import Text


@dataclass(frozen=True)
class Method:
    """A detection method: its function, and parameters that make the general function this variant."""

    name: str
    title: Text
    function: Callable[..., Detection]
    preset: Mapping[str, Any]

    @property
    def parameters(self) -> frozenset[str]:
        """The names of what can be set."""
        return frozenset(self.signature) - {"counts", "after"} - set(self.preset)

    @property
    def signature(self) -> Mapping[str, inspect.Parameter]:
        """The parameters of its function, with what they are by default."""
        return inspect.signature(self.function).parameters

    @property
    def goes_on(self) -> bool:
        """Whether it is a chart that goes on from where it stands (`after`)."""
        return "after" in self.signature

    def __call__(self, counts: ArrayLike | Series, after: Charts | None = None, **parameters: Any) -> Detection:
        """Judge the counts. Raises DetectionError for a parameter that the method does not have, or that is of another kind."""
        for name in sorted(set(parameters) - self.parameters):
            known = ", ".join(sorted(self.parameters))
            raise DetectionError(
                f"方法 {self.name} 没有参数 {name}；可用的有：{known}。",
                f"Method {self.name} has no parameter {name}; it has: {known}.",
            )
        for name, value in parameters.items():
            self._check(name, value)
        going_on = {"after": after} if self.goes_on else {}
        return self.function(counts, **self.preset, **parameters, **going_on)

    def _check(self, name: str, value: Any) -> None:
        if name == "freq" and (not isinstance(value, int) or value < 1):
            raise DetectionError("一年至少 1 期。", "A year has at least one time.")
        annotation = str(inspect.signature(self.function).parameters[name].annotation)
        for start, kinds, zh, en in _KINDS:
            if annotation.startswith(start) and not (
                isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
            ):
                if value is None and "None" in annotation:
                    return
                raise DetectionError(
                    f"方法 {self.name} 的参数 {name} 应为{zh}，不能是 {value!r}。",
                    f"Parameter {name} of method {self.name} is {en}, not {value!r}.",
                )


#: How annotations begin, and what may be given for them.
_KINDS: tuple[tuple[str, tuple[type, ...], str, str], ...] = (
    ("int", (int,), "整数", "a whole number"),
    ("float", (int, float), "数", "a number"),
    ("bool", (bool,), " true 或 false", "true or false"),
    ("tuple", (list, tuple), "列表", "a list"),
    ("str", (str,), "词", "a word"),
)


def _methods() -> dict[str, Method]:
    rows: list[tuple[str, str, str, Callable[..., Detection], dict[str, Any]]] = [
        ("ears-c1", "EARS C1", "EARS C1", ears_c1, {}),
        ("ears-c2", "EARS C2", "EARS C2", ears_c2, {}),
        ("ears-c3", "EARS C3", "EARS C3", ears_c3, {}),
        ("farrington", "Farrington 法（1996）", "Farrington 1996", farrington, {}),
        (
            "farrington-flexible",
            "改进 Farrington 法（Noufaily 2013）",
            "Farrington flexible (Noufaily 2013)",
            farrington_flexible,
            {},
        ),
        ("cusum", "累积和（Rossi）", "CUSUM (Rossi)", cusum, {}),
        ("glr-poisson", "广义似然比（泊松）", "Generalised likelihood ratio, Poisson", glr, {"alpha": 0.0}),
        ("glr-nb", "广义似然比（负二项）", "Generalised likelihood ratio, negative binomial", glr, {}),
        ("lr-poisson", "似然比累积和（泊松）", "Likelihood ratio CUSUM, Poisson", lr, {"alpha": 0.0}),
        ("lr-nb", "似然比累积和（负二项）", "Likelihood ratio CUSUM, negative binomial", lr, {}),
        ("bayes", "贝叶斯预测", "Bayes", bayes, {}),
        ("bayes1", "贝叶斯 1", "Bayes 1", bayes, {"years": 0, "half_window": 6, "this_year": True}),
        ("bayes2", "贝叶斯 2", "Bayes 2", bayes, {"years": 1, "half_window": 6, "this_year": True}),
        ("bayes3", "贝叶斯 3", "Bayes 3", bayes, {"years": 2, "half_window": 4, "this_year": False}),
        ("rki", "RKI 法", "RKI", rki, {}),
        ("rki1", "RKI 1", "RKI 1", rki, {"years": 0, "half_window": 6, "this_year": True}),
        ("rki2", "RKI 2", "RKI 2", rki, {"years": 1, "half_window": 6, "this_year": True}),
        ("rki3", "RKI 3", "RKI 3", rki, {"years": 2, "half_window": 4, "this_year": False}),
        ("outbreak-p", "OutbreakP", "OutbreakP", outbreak_p, {}),
        ("ewma", "指数加权移动平均（ESSENCE）", "EWMA (ESSENCE)", ewma, {}),
        ("regression", "星期回归（ESSENCE）", "Regression on the weekday (ESSENCE)", regression, {}),
        ("switch", "回归与 EWMA 切换（ESSENCE）", "Regression/EWMA switch (ESSENCE)", switch, {}),
        ("moving-percentile", "移动百分位数法（CIDARS）", "Moving percentile (CIDARS)", moving_percentile, {}),
    ]
    return {name: Method(name, Text(zh, en), function, preset) for name, zh, en, function, preset in rows}


#: Every method by the name it has on the command line.
METHODS: Mapping[str, Method] = _methods()


def method(name: str) -> Method:
    """The method of this name. Raises DetectionError, naming those there are."""
    if name not in METHODS:
        known = ", ".join(METHODS)
        raise DetectionError(
            f"没有名为 {name} 的方法；可用的有：{known}。", f"There is no method {name}; there are: {known}."
        )
    return METHODS[name]
