"""The job that answers a question. What it works with is loaded when it runs: it takes a while, and few commands ever ask."""

from typing import Any

from fangxian.core import jobs

KIND = "decisions.answer"


@jobs.kind(KIND)
def run(job: jobs.Running) -> dict[str, Any]:
    """Answer a question, or go on with one that was ended."""
    from fangxian.command.decisions import answering

    return answering.answer(job)
