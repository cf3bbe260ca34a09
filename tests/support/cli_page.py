"""The reference page of the command line, made from the commands themselves, in the language of this process."""

from collections.abc import Iterator

from typer.main import get_command

from fangxian.cli import app
from fangxian.cli.started import say

HEAD = say(
    "# 命令行\n\n[English](cli.md)\n\n"
    "由命令本身生成（`pytest tests/unit/test_cli_reference.py --update`），不要手改。进度与提示写到标准错误，结果写到标准输出。"
    "成功时以 0 退出，有问题时以 1 退出，命令写错时以 2 退出。语言由 `FANGXIAN_LANGUAGE` 或终端决定。",
    "# Command line\n\n[中文](cli.zh-CN.md)\n\n"
    "Made from the commands themselves (`pytest tests/unit/test_cli_reference.py --update`); do not edit it. Progress and\n"
    "remarks go to standard error, results to standard output. Exit codes: 0 it is done, 1 something is wrong, 2 the command\n"
    "was not understood. The language is that of `FANGXIAN_LANGUAGE`, else of the terminal.",
)


def pages(name: str, command: object) -> Iterator[str]:
    """A section for a command, or for each of a group, in the order in which help shows them."""
    members = getattr(command, "commands", None)
    if members is not None:
        for each, member in members.items():
            yield from pages(f"{name} {each}", member)
        return
    arguments = [one for one in command.params if one.param_type_name == "argument"]  # type: ignore[attr-defined]
    options = [one for one in command.params if one.param_type_name == "option"]  # type: ignore[attr-defined]
    usage = " ".join([name, *(_shown(one) for one in arguments), *(["[OPTIONS]"] if options else [])])
    yield f"## `{name}`\n\n{command.help}{say('。', '.')}\n\n```\n{usage}\n```"  # type: ignore[attr-defined]
    rows = [f"| `{one.metavar or one.name.upper()}` | {one.help or ''} | {_default(one)} |" for one in arguments]
    rows += [
        f"| `{' / '.join([*one.opts, *one.secondary_opts])}` | {one.help or ''} | {_default(one)} |" for one in options
    ]
    if rows:
        yield (
            say("| 参数与选项 | 含义 | 默认 |", "| Argument or option | Meaning | Default |")
            + "\n| --- | --- | --- |\n"
            + "\n".join(rows)
        )


def _shown(argument: object) -> str:
    name = argument.metavar or argument.name.upper()  # type: ignore[attr-defined]
    return name if argument.required else f"[{name}]"  # type: ignore[attr-defined]


def _default(parameter: object) -> str:
    value = parameter.default  # type: ignore[attr-defined]
    if value is None or value in ("", False):
        return ""
    return say("是", "yes") if value is True else f"`{value}`"


if __name__ == "__main__":
    print("\n\n".join([HEAD, *pages("fangxian", get_command(app))]))  # noqa: T201
