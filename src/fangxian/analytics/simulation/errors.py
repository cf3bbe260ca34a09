"""What a scenario cannot be simulated for."""

from fangxian.analytics.errors import AnalysisError


class SimulationError(AnalysisError):
    """A city, a disease, a measure or a scenario that makes no sense."""
