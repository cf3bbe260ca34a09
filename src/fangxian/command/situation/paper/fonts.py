"""Which fonts there are for paper: Chinese needs one that has Han characters, and this machine must have it."""

from functools import cache

import typst
from django.utils.translation import gettext as _

from fangxian.core.errors import Refusal

#: Families with Han characters as machines have them, the best for a report first.
HAN = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "Source Han Sans CN", "PingFang SC", "HarmonyOS Sans SC",
    "Microsoft YaHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Serif CJK SC", "SimSun", "AR PL UMing CN",
)  # fmt: skip
LATIN = ("Noto Sans", "Liberation Sans", "DejaVu Sans", "Libertinus Serif")


class NoFont(Refusal):
    """There is no font on this machine for what is to be written."""

    status, code = 503, "no_font"


@cache
def fonts() -> typst.Fonts:
    """The fonts of this machine, looked up once for each process."""
    return typst.Fonts()


def families(text: str) -> list[str]:
    """The families to set a text in. Raises NoFont where it has Han characters and no font here has them."""
    there = set(fonts().families())
    han = [name for name in HAN if name in there][:1]
    if not han and any("\u3400" <= letter <= "\u9fff" or letter > "\U00020000" for letter in text):
        raise NoFont(
            _("No font with Chinese characters is installed on this machine."),
            remedy=_("Install one, for instance the package fonts-noto-cjk, and start the server again."),
        )
    return [*han, *(name for name in LATIN if name in there)]
