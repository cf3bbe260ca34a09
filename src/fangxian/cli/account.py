"""`fangxian account`: the first account of an installation, made at the machine itself."""

from typing import Annotated

import typer

from fangxian.cli.started import console, say, start


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "建立账号：第一个账号只能在服务器上建立，此后由台账管理员授权",
            "Make an account: the first one is made at the machine itself, later ones by whoever may give rights",
        )
    )(account)
    app.command(
        help=say(
            "取消一个账号的双因素认证：手机与恢复码都遗失时用",
            "Take an account's second factor away, where telephone and recovery codes are lost",
        )
    )(forget_factor)


def forget_factor(
    login: Annotated[str, typer.Argument(help=say("登录名", "Login"))],
    reason: Annotated[
        str, typer.Option(prompt=say("原因", "Reason"), help=say("原因，留存在日志里", "Why; it stays in the journal"))
    ],
) -> None:
    start()
    from fangxian.core import accounts
    from fangxian.core.access import SYSTEM

    accounts.forget_factor(SYSTEM, accounts.of_login(login).pk, reason)
    console.print(say(f"{login} 不再有双因素认证", f"{login} has no second factor any more"), style="green")


def account(
    login: Annotated[str, typer.Argument(help=say("登录名", "Login"))],
    name: Annotated[str, typer.Argument(help=say("姓名", "Name of the person"))],
    password: Annotated[
        str,
        typer.Option(
            prompt=say("口令", "Password"),
            confirmation_prompt=True,
            hide_input=True,
            help=say("不写在命令里则会询问，输入不显示", "Asked for, unseen, if it is not given"),
        ),
    ],
    area: Annotated[
        str, typer.Option(help=say("行政区划代码；留空为全国", "Division code; empty for the whole country"))
    ] = "",
    role: Annotated[str, typer.Option(help=say("角色", "Role"))] = "registrar",
) -> None:
    start()
    from fangxian.core import accounts
    from fangxian.core.access import SYSTEM, Grant

    made = accounts.create_account(SYSTEM, login, name, grants=[Grant(role, area)], password=password)
    console.print(say(f"已建立账号 {made.login}", f"The account {made.login} is made"), style="green")
