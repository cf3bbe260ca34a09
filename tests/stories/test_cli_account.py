"""The first account of an installation is made at the machine, and can sign in."""

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
