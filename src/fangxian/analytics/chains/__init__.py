"""Transmission chains (传播链): who infected whom, how far it went, how fast, and how unevenly.

From a line list's cases, its infector → infectee links and its onset dates, `analyse` works out clusters, generations,
degrees, serial intervals, the distribution of secondary cases and loops that cannot be true. Degrees, clusters and serial
intervals follow the semantics of the R package epicontacts (`get_clusters`, `get_degree`, `get_pairwise`).

Two words that are easily confused are kept apart: a *component* is any group of connected cases, a case without links
included; a *chain* is a component with at least one link. `Chains.count` counts chains, `Chains.components` components.
"""

from fangxian.analytics.chains.analysis import analyse
from fangxian.analytics.chains.layout import Place, place
from fangxian.analytics.chains.offspring import Offspring, offspring
from fangxian.analytics.chains.results import (
    Chains,
    ChainsError,
    Cluster,
    Graph,
    Link,
    Node,
    SerialInterval,
)

__all__ = [
    "Chains",
    "ChainsError",
    "Cluster",
    "Graph",
    "Link",
    "Node",
    "Offspring",
    "Place",
    "SerialInterval",
    "analyse",
    "offspring",
    "place",
]
