"""The first hour of an installation at the machine: the first account, which can sign in, and the tables of the county."""

import json
from pathlib import Path

from tests.support.console import Console

WORDS = "four plain words together"
SIGN_IN = f"""
import os; os.environ["DJANGO_SETTINGS_MODULE"] = "fangxian.site.settings"
import django; django.setup()
from fangxian.core import accounts
made = accounts.sign_in("registrar", "{WORDS}")
print([(grant.role, grant.area) for grant in accounts.grants_of(made.pk)])
"""


def test_the_first_account_is_made_and_a_mistake_is_said(tmp_path: Path) -> None:
    console = Console(tmp_path / "home")
    assert "install" in console.run("account", "registrar", "徐册", "--password", WORDS, code=1).stderr
    console.install()
    for wrong, said in ((["--password", "short"], ""), (["--password", WORDS, "--role", "emperor"], "emperor")):
        assert said in console.run("account", "registrar", "徐册", *wrong, code=1).stderr
    console.run("account", "registrar", "徐册", "--area", "9901", "--password", WORDS)
    assert console.start_python(SIGN_IN).stdout.strip() == "[('registrar', '9901')]"
    for name, lines, left in (
        ("divisions", ("code,name", "99,澜川省", "9901,汐州市", "990106,临海区"), 0),
        ("organisations", ("kind,name,area", "hospital,临海医院,990106"), 0),
        ("places", ("类别,名称,区划代码", "市场,临海市场,990106", "飞船,不明,990106"), 1),
    ):
        file = tmp_path / f"{name}.csv"
        file.write_text("\n".join(lines), "utf-8")
        told = json.loads(console.run(name, str(file), "--json", code=left).stdout)
        assert (told["created"], len(told["left"])) == (len(lines) - 1 - left, left)
