"""What the lake says when something cannot be done: in both languages, with what was kept and what to do."""

from fangxian.analytics.errors import AnalysisError


class LakeError(AnalysisError):
    """A batch, a file or a folder that the lake cannot take or use; nothing of it was written."""


class Busy(LakeError):
    """Another process is writing into the lake, and went on longer than this one was told to wait."""


class Reused(LakeError):
    """A batch that came under the name of another one with other content."""


class Damaged(LakeError):
    """A lake whose own files are not what its manifest says."""
