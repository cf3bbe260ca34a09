"""What cannot be pooled or decoded."""

from fangxian.analytics.errors import AnalysisError


class PoolingError(AnalysisError):
    """A design, a result or a wish that cannot be met as it is written."""
