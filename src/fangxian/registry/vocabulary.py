"""The closed lists of the registry (`vocabulary.yaml`) and their names in both languages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core import access
from fangxian.core.errors import Invalid
from fangxian.protocols import vocabulary as packs


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a closed list. `level` and `view` are said of posts only."""

    key: str
    zh: str
    en: str
    level: str = ""
    view: str = ""

    @property
    def name(self) -> str:
        """In the reader's language."""
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


@cache
def terms(section: str) -> Mapping[str, Term]:
    """A closed list: organisation_kinds, place_kinds, document_kinds or posts."""
    raw: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
        files("fangxian.registry").joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    )
    return {key: Term(key, **row) for key, row in raw[section].items()}


@cache
def post_names() -> Mapping[str, Term]:
    """Whatever a person can be appointed to: the posts, the roles of an account, the parties that packs give steps to."""
    found = {key: Term(key, role.zh, role.en, role.level) for key, role in access.roles().items()}
    found |= {key: Term(key, text.zh, text.en) for key, text in packs.terms("roles").items() if key not in found}
    return found | dict(terms("posts"))


def name(section: str, key: str) -> str:
    """The name of a key in the reader's language; the key itself where it is not of the list."""
    found = terms(section).get(key)
    return found.name if found else key


def must_be(key: str, known: Iterable[str], field: str) -> str:
    """The key, if it is one of these. Raises Invalid, naming them all."""
    known = list(known)
    if key not in known:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": key},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(known)},
            field=field,
        )
    return key
