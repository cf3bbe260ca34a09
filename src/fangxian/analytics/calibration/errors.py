"""What a calibration cannot be made of."""

from fangxian.analytics.errors import AnalysisError


class CalibrationError(AnalysisError):
    """A calibration that makes no sense, or whose range holds nothing like what was seen."""
