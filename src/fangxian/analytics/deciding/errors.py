"""What a question cannot be answered for."""

from fangxian.analytics.errors import AnalysisError


class DecidingError(AnalysisError):
    """A question that makes no sense, leaves nothing to choose, or asks for what no policy can keep."""
