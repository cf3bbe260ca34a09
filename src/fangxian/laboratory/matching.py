"""Results that belong to no tube on record: kept under seal until a person says whose they are, with whom they may be of."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from fangxian.core import clock, secrets
from fangxian.core.access import Actor
from fangxian.core.actions import record
from fangxian.duties import packs
from fangxian.laboratory import rules
from fangxian.laboratory.models import Unmatched
from fangxian.laboratory.schemas import ResultForm
from fangxian.registry import queries as registry
from fangxian.registry.schemas import PersonForm

#: The kind of these in the journal.
KIND = "unmatched"
_INSTANTS = ("tested_at", "sampled_at")


def keep(by: Actor, laboratory: int, forms: Iterable[ResultForm]) -> int:
    """Keep results without a tube, each once however often it is sent; how many wait now that did not before."""
    forms = list(forms)
    if not forms:
        return 0
    area, kept = registry.organisation(laboratory).area, 0
    for form in forms:
        text = json.dumps(asdict(form), ensure_ascii=False, sort_keys=True, default=_out)
        row, fresh = Unmatched.objects.get_or_create(
            fingerprint=secrets.blind_index(f"result:{laboratory}", text),
            defaults={
                "laboratory_id": laboratory, "area": area, "sealed": secrets.seal(text),
                "value": rules.read(rules.cuts(packs.in_force(area)[0]), form.value, form.cts).value,
                "barcode": "".join(form.code.split()).upper()[:32], "proposals": proposals(form, area), "at": clock.now(),
            },
        )  # fmt: skip
        if fresh:
            kept += 1
            record(
                by, "result.unmatched", (KIND, row.pk), area=area,
                data={"laboratory": laboratory, "barcode": row.barcode, "proposed": len(row.proposals)},
            )  # fmt: skip
    return kept


def proposals(form: ResultForm, area: str) -> list[list[Any]]:
    """Whom a result may be of: person, probability, what agrees (zh and en). Nobody is taken for anybody here."""
    if not (form.name or form.document or form.phone):
        return []
    latin = form.name.isascii()
    person = PersonForm(
        name="" if latin else form.name, name_latin=form.name if latin else "", birth_year=form.birth_year,
        documents=(("", form.document),) if form.document else (), phones=(form.phone,) if form.phone else (),
        area=area[:6],
    )  # fmt: skip
    return [
        [pk, round(probability, 4), [[one.zh, one.en] for one in agreed]]
        for pk, probability, agreed in registry.resembling(person)
    ]


def form_of(row: Unmatched) -> ResultForm:
    """The result as it came."""
    told = json.loads(secrets.unseal(row.sealed))
    told |= {name: datetime.fromisoformat(told[name]) if told[name] else None for name in _INSTANTS}
    return ResultForm(**told)


def said(agreed: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """What agrees, in the reader's language."""
    chinese = (get_language() or "zh").startswith("zh")
    return tuple(zh if chinese else en for zh, en in agreed)


def _out(value: object) -> str:
    assert isinstance(value, datetime), "a result holds texts, numbers and instants"
    return value.isoformat()
