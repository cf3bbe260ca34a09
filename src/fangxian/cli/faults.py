"""What to tell a user of a fault that is theirs to mend: what happened, and what to do. Never a traceback."""

import errno
import sys
from collections.abc import Iterator

from typer.exceptions import TyperException

from fangxian.analytics.errors import AnalysisError
from fangxian.cli.started import NotInstalled, language, say
from fangxian.protocols import PackError
from fangxian.standards.errors import InputError
from fangxian.standards.yaml_source import SourceErrors
from fangxian.text import Text

#: What an operating system says of a file → what happened, what to do.
_FILES = {
    errno.ENOENT: (Text("没有这个文件或文件夹", "there is no such file or folder"), Text("请核对路径", "Check the path")),
    errno.EACCES: (Text("没有读写权限", "it may not be read or written"),
     Text("请更改权限，或换一个文件夹", "Change its permissions, or name another folder")),
    errno.EROFS: (Text("所在磁盘是只读的", "the disk is read-only"), Text("请换一个文件夹", "Name another folder")),
    errno.EISDIR: (Text("这是文件夹，不是文件", "this is a folder, not a file"), Text("请写明文件", "Name a file")),
    errno.ENOTDIR: (Text("这是文件，不是文件夹", "this is a file, not a folder"), Text("请写明文件夹", "Name a folder")),
    errno.EEXIST: (Text("已有同名文件", "a file of this name is in the way"), Text("请换一个文件夹", "Name another folder")),
    errno.ENOSPC: (Text("磁盘已满，没有写入", "the disk is full; nothing was written"),
     Text("请腾出空间后重试", "Make room, then try again")),
    errno.EFBIG: (Text("文件大小超过限额", "the file would grow beyond its limit"),
     Text("请提高限额后重试", "Raise the limit, then try again")),
    errno.EADDRINUSE: (Text("端口已被占用", "the port is taken"),
     Text("请用 --port 另选一个，0 为任选", "Choose another with --port; 0 picks a free one")),
}  # fmt: skip

_INSTALL = Text("请运行 fangxian install", "Run `fangxian install`")
_AGAIN = Text("已提交的都在；排除原因后重试", "What was committed is safe; mend this, then try again")
_RESTORE = Text("请从备份恢复这个文件", "Restore this file from its backup")
_URL = Text("请核对 DATABASE_URL 与数据库服务器", "Check DATABASE_URL and the database server")
#: What a database says (SQLite's words, then PostgreSQL's) → what happened, what to do. The first that is found counts.
_DATABASES = (
    (("disk is full", "No space left"), Text("磁盘已满", "the disk is full"), _AGAIN),
    (("database is locked",), Text("数据库被另一个程序占用", "another program holds the database"), _AGAIN),
    (("not a database", "malformed"), Text("数据库文件已损坏", "the database file is damaged"), _RESTORE),
    (("readonly database",), Text("数据库文件是只读的", "the database file is read-only"),
     Text("请更改权限", "Change its permissions")),
    (("no such table", "no such column", "does not exist\nLINE"),
     Text("数据库中没有所需的表", "the database lacks a table"), _INSTALL),
    (("unable to open database file",), Text("数据库文件无法打开", "the database file cannot be opened"), _URL),
    (("disk I/O error",), Text("磁盘读写出错", "the disk failed to read or write"), _AGAIN),
    (("password authentication failed", "no password supplied"),
     Text("数据库拒绝了用户名或密码", "the database refused user or password"), _URL),
    (("Connection refused", "could not translate host", "failed to resolve host", "timeout", "No such file or directory"),
     Text("连不上数据库服务器", "the database server cannot be reached"), _URL),
    (("does not exist",), Text("服务器上没有这个数据库", "the server has no such database"), _URL),
)  # fmt: skip


def told(fault: Exception) -> str | None:
    """What to tell the user of a fault that is theirs to mend; None for one that is ours."""
    tongue = language()
    match fault:
        case PackError():
            return "\n".join(problem.in_(tongue) for problem in fault.problems)
        case SourceErrors():
            return "\n".join(problem.text.in_(tongue) for problem in fault.problems)
        case InputError() | AnalysisError():
            return fault.text.in_(tongue)
        case NotInstalled():
            return say(
                f"{fault.home} 中没有防线的数据库。请用 FANGXIAN_HOME 或 DATABASE_URL 指明，或运行 fangxian install 新建。",
                f"There is no Fangxian database in {fault.home}. "
                "Point to it with FANGXIAN_HOME or DATABASE_URL, or make one with `fangxian install`.",
            )
        case TyperException():
            return _usage(fault)
        case OSError(errno=number) if number in _FILES:
            what, remedy = (text.in_(tongue) for text in _FILES[number])
            return _said(str(fault.filename or ""), what, remedy)
    return _of_django(fault) if "django" in sys.modules else None


def _of_django(fault: Exception) -> str | None:
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError, InterfaceError

    from fangxian.core.errors import Refusal
    from fangxian.core.secrets import KeyFault

    match fault:
        case Refusal():
            return str(fault)
        case KeyFault():
            return say(
                f"密钥不能使用：请从备份恢复密钥文件，不要新建，否则已加密的证件号再也无法读出（{fault}）。",
                f"The keys cannot be used: {fault}",
            )
        case ImproperlyConfigured():
            return say("设置有误：", "A setting is wrong: ") + str(fault)
        case DatabaseError() | InterfaceError():
            return database(fault)
    return None


def database(fault: Exception) -> str | None:
    """What a database's complaint means; None where it is no matter of disk, server or installation."""
    words = str(fault)
    for patterns, what, remedy in _DATABASES:
        if any(pattern in words for pattern in patterns):
            return _said("", what.in_(language()), remedy.in_(language())) + f" ({words.strip().splitlines()[0]})"
    return None


def _said(place: str, what: str, remedy: str) -> str:
    return say(f"{place}：{what}。{remedy}。" if place else f"{what}。{remedy}。",
               f"{place}: {what}. {remedy}." if place else f"{what[:1].upper()}{what[1:]}. {remedy}.")  # fmt: skip


# ── how a command was written ──────────────────────────────────────────────────────────────────────────────────────────


def _usage(fault: TyperException) -> str:
    """A command that was not understood, with how it is written."""
    return "\n".join(_lines(fault))


def _lines(fault: TyperException) -> Iterator[str]:
    yield _complaint(fault) if say("zh", "en") == "zh" else fault.format_message()
    context = getattr(fault, "ctx", None)
    if context is not None:
        yield say(f"请看 {context.command_path} --help", f"See {context.command_path} --help")


def _complaint(fault: TyperException) -> str:
    parameter = getattr(fault, "param", None)
    name = getattr(fault, "param_hint", None) or (parameter.get_error_hint() if parameter is not None else "")
    match type(fault).__name__:
        case "MissingParameter":
            return f"缺少 {name}"
        case "BadParameter":
            return f"{name} 的值不对：{fault.message}"
        case "NoSuchOption":
            return f"没有选项 {getattr(fault, 'option_name', '')}"
        case "BadOptionUsage":
            return f"选项 {getattr(fault, 'option_name', '')} 用法不对：{fault.message}"
    return f"命令有误：{fault.message}"
