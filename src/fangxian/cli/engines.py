"""The engines that a trace can run on, each opened only where it is chosen."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fangxian.analytics.copresence import Index, Traced
    from fangxian.analytics.copresence.tables import StayFile
    from fangxian.analytics.copresence.tracing import Progress

ENGINES = ("native", "duckdb", "spark")


def traced(
    engine: str,
    file: "StayFile",
    cases: "Index",
    *,
    tau: int,
    rings: int,
    lines: bool,
    within: int | None,
    on_ring: "Progress",
    master: str,
    keep: Path | None,
) -> "Traced":
    """As `copresence.trace`. `master`, `keep`: which Spark, and the folder in which what was sorted stays for the next time."""
    if engine == "native":
        from fangxian.analytics import copresence
        from fangxian.analytics.copresence import kept

        if isinstance(file, kept.KeptFile) and within is None and keep is None:
            return file.projection.trace(cases, tau=tau, rings=rings, lines=lines, on_ring=on_ring)
        least = tau if within is None else 0
        stays = kept.keep(file, keep, at_least=least) if keep else file.stays(at_least=least)
        return copresence.trace(stays, cases, tau=tau, rings=rings, lines=lines, within=within, on_ring=on_ring)
    with ExitStack() as ending:
        if engine == "duckdb":
            from fangxian.lake import duck

            database = duck.Database(file.pieces(), tau=tau)
            ending.callback(database.close)
            return database.trace(cases, rings=rings, lines=lines, on_ring=on_ring)
        from fangxian.lake import buckets, spark

        context = spark.context(master)
        ending.callback(context.stop)
        folder = buckets.kept(keep, file.path, file.files, tau) if keep else None
        many = spark.Database(file, context, tau=tau, folder=folder)
        ending.callback(many.close)
        return many.trace(cases, rings=rings, lines=lines, on_ring=on_ring)
