"""What the lake says when something cannot be done: in both languages, with what was kept and what to do."""

from pathlib import Path

from fangxian.analytics.errors import AnalysisError


class LakeError(AnalysisError):
    """A batch, a file or a folder that the lake cannot take or use; nothing of it was written."""


class Busy(LakeError):
    """Another process is writing into the lake, and went on longer than this one was told to wait."""


class Reused(LakeError):
    """A batch that came under the name of another one with other content."""


class Damaged(LakeError):
    """A lake whose own files are not what its manifest says."""


def damaged(folder: Path, path: str, why: str) -> Damaged:
    """What to say of a file of the lake that cannot be read as what it should be."""
    if not (folder / path).exists():
        return Damaged(
            f"数据湖缺少文件 {path}（可能刚被删除）：请重试；仍如此，请运行 fangxian lake verify",
            f"the lake lacks the file {path} (it may just have been dropped): try again; "
            "if it stays so, run `fangxian lake verify`",
        )
    return Damaged(
        f"{folder / path} 已损坏（{why}）：请从备份恢复这个文件",
        f"{folder / path} is damaged ({why}): restore this file from its backup",
    )
