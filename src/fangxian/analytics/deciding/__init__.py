"""Deciding (辅助决策): the greatest effect for the smallest cost, of many policies on the same epidemics.

from fangxian.analytics import deciding
question = deciding.read("examples/questions/city.yaml")
answer = deciding.decide(question)
answer.best.effect, question.values(answer.best.setting)
"""

from fangxian.analytics.deciding.answer import Answer, Estimate, Policy
from fangxian.analytics.deciding.errors import DecidingError
from fangxian.analytics.deciding.question import Question, of, read
from fangxian.analytics.deciding.searching import Progress, decide
from fangxian.analytics.deciding.trials import Kept

__all__ = ["Answer", "DecidingError", "Estimate", "Kept", "Policy", "Progress", "Question", "decide", "of", "read"]
