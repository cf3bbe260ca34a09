"""Space-time scan (时空扫描): `scan` looks for clusters of cases in circles of places and stretches of time, without being told where."""

from fangxian.analytics.scan.results import Cluster, Scan, ScanError
from fangxian.analytics.scan.scanning import gumbel_p, scan

__all__ = ["Cluster", "Scan", "ScanError", "gumbel_p", "scan"]
