"""Calibration (参数校准): what the epidemic that was seen says of a scenario's parameters, and what it does not.

from fangxian.analytics import calibration
question = calibration.read(Path("examples/calibrations/wave.yaml"))
*_, last = calibration.generations(question.distance, question.priors)
calibration.estimates(question.priors, last)
"""

from fangxian.analytics.calibration.errors import CalibrationError
from fangxian.analytics.calibration.judging import Check, Estimate, check, estimates
from fangxian.analytics.calibration.optimising import Fit, fit
from fangxian.analytics.calibration.outcome import Told, apart
from fangxian.analytics.calibration.prior import Prior
from fangxian.analytics.calibration.question import Question, drawn, of, read
from fangxian.analytics.calibration.sampling import Generation, generations

__all__ = [
    "CalibrationError", "Check", "Estimate", "Fit", "Generation", "Prior", "Question", "Told", "apart", "check", "drawn", "estimates",
    "fit", "generations", "of", "read",
]  # fmt: skip
