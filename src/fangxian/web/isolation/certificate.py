"""The certificate of release (解除隔离证明) as a page of A4, set by typst; no more of the person than it needs."""

import json
from datetime import UTC
from importlib.resources import files
from typing import Any

import typst

from fangxian.command.situation.paper.fonts import families, fonts
from fangxian.containment.isolation.schemas import Certificate
from fangxian.core import clock


def as_pdf(told: Certificate, chinese: bool) -> bytes:
    """The certificate as bytes of a PDF. Raises NoFont where this machine cannot set its letters."""
    lines = _zh(told) if chinese else _en(told)
    stamp = told.at.astimezone(UTC)
    sent = {
        **lines, "fonts": families("".join(map(str, lines.values()))), "lang": "zh" if chinese else "en",
        "stamp": [stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second],
    }  # fmt: skip
    template = files("fangxian.web.isolation").joinpath("certificate.typ").read_bytes()
    made: Any = typst.compile(
        template, font_paths=fonts(), sys_inputs={"told": json.dumps(sent, ensure_ascii=False)}, format="pdf", timestamp=stamp
    )  # fmt: skip
    return bytes(made)


def _zh(told: Certificate) -> dict[str, Any]:
    begun, ended = (f"{at.astimezone(clock.zone()):%Y年%m月%d日}" for at in (told.begun_at, told.ended_at))
    what = "隔离医学观察" if told.closed else "集中隔离医学观察"
    more = "" if told.closed else "，后续按规定居家健康监测"
    return {
        "title": "解除隔离医学观察证明" if told.closed else "解除集中隔离证明",
        "text": f"兹证明{told.name}（证件号 {told.document or '未登记'}）自{begun}起接受{what}，"
        f"至{ended}期满，符合解除条件，现予解除{more}。",
        "ground": f"依据：{told.basis}", "place": told.site.zh if told.site else "居家", "number": f"编号：{told.code}",
        "signed": f"{told.by}  {told.at.astimezone(clock.zone()):%Y年%m月%d日 %H:%M}",
        "rights": "任何单位和个人不得因本人曾被隔离而歧视。如有异议，可向作出决定的机构提出。",
    }  # fmt: skip


def _en(told: Certificate) -> dict[str, Any]:
    begun, ended = (f"{at.astimezone(clock.zone()):%-d %B %Y}" for at in (told.begun_at, told.ended_at))
    what = "isolation and medical observation" if told.closed else "isolation on a site"
    more = "" if told.closed else " Monitoring at home follows."
    return {
        "title": "Certificate of release from isolation" if told.closed else "Certificate of release from the isolation site",
        "text": f"{told.name} (document {told.document or 'not on record'}) was in {what} from {begun} to {ended}, "
        f"meets the conditions of release, and is released.{more}",
        "ground": f"Under {told.basis}", "place": told.site.en if told.site else "At home", "number": f"No. {told.code}",
        "signed": f"{told.by}  {told.at.astimezone(clock.zone()):%-d %B %Y %H:%M}",
        "rights": "Nobody may be discriminated against for having been in isolation. Objections go to the body that decided.",
    }  # fmt: skip
