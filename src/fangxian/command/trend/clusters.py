"""Clusters in space and time (时空聚集): where and when more cases fell ill than elsewhere and at other times, by permutation scan."""

from datetime import timedelta

import numpy as np

from fangxian.analytics.scan import scan
from fangxian.cases.queries import standing
from fangxian.command.trend.schemas import GoingCluster
from fangxian.command.trend.working import LEAST, Unknown
from fangxian.core.periods import Period
from fangxian.registry import queries as registry
from fangxian.registry.levels import LENGTHS
from fangxian.registry.outlines import point_in
from fangxian.registry.queries import Parts

#: Days that are scanned, the longest cluster among them, and the largest p that is told.
DAYS, LONGEST, TOLD = 28, 14, 0.05
REPLICATIONS = 999
#: The levels whose divisions are small enough for a cluster, the smallest first.
LEVELS = ("village", "township", "county")
#: Kilometres of a degree of latitude.
_DEGREE = 110.57


def found(outbreak: int, parts: Parts, period: Period) -> list[GoingCluster]:
    """The clusters that still go on at the end of the period, the likeliest first. Raises Unknown where none can be looked for."""
    depth = LENGTHS[LEVELS[0]]
    since = period.day - timedelta(days=DAYS - 1)
    rows = [
        one for one in standing.dates(outbreak, parts, period, depth=depth)
        if one.onset is not None and since <= one.onset <= period.day
    ]  # fmt: skip
    if sum(one.number for one in rows) < LEAST:
        raise Unknown(
            f"近 {DAYS} 天发病的病例不足 {LEAST} 例。", f"Fewer than {LEAST} cases fell ill in the last {DAYS} days."
        )
    for level in LEVELS:
        length = LENGTHS[level]
        codes = sorted({one.area[:length] for one in rows if len(one.area) >= length})
        outlines = registry.outlines_of(codes)
        placed = [code for code in codes if code in outlines]
        inside = [one for one in rows if one.area[:length] in outlines]
        if len(placed) >= 3 and sum(one.number for one in inside) * 2 >= sum(one.number for one in rows):
            break
    else:
        raise Unknown(
            "病例所在地区不足 3 处，或未画出边界。",
            "Cases lie in fewer than 3 places, or the outlines of these are not on record.",
        )
    row = {code: place for place, code in enumerate(placed)}
    counts = np.zeros((len(placed), DAYS), np.int64)
    for one in inside:
        assert one.onset is not None
        counts[row[one.area[:length]], (one.onset - since).days] += one.number
    points = np.array([point_in(outlines[code]) for code in placed])
    plane = np.stack((points[:, 0] * np.cos(np.radians(points[:, 1].mean())), points[:, 1]), axis=1) * _DEGREE
    clusters = scan(counts, plane, longest=LONGEST, replications=REPLICATIONS).clusters
    names = registry.short_area_texts(placed)
    return [
        GoingCluster(
            tuple(placed[place] for place in one.places), tuple(names[placed[place]] for place in one.places),
            since + timedelta(days=one.start), since + timedelta(days=one.end), one.observed, one.expected, one.p,
        )
        for one in clusters
        if one.p is not None and one.p <= TOLD
    ]  # fmt: skip
