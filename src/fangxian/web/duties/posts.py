"""To whom a step can be handed over: people in post around its place, and the bodies of its county and above."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.core.access import Actor
from fangxian.registry import levels, vocabulary
from fangxian.registry import queries as registry
from fangxian.registry.queries import Post
from fangxian.web.duties.evidence import ReasonForm
from fangxian.web.saying import said

#: Bodies that take over duties; shops and markets do not.
_KINDS = frozenset(
    "headquarters health_authority cdc hospital clinic laboratory emergency_service isolation_site community school".split()
)


class PostForm(ReasonForm):
    """A post and the reason."""

    to = forms.ChoiceField(label=gettext_lazy("Hand over to"))
    field_order = ("to", "reason")

    def __init__(self, by: Actor, step: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        county = levels.at_level(step.area, "county")
        self._posts: dict[str, Post] = {}
        people, bodies = [], []
        for one in registry.appointments(by, county):
            if one.account_id is not None and one.account_id != by.account_id:
                self._posts[f"a{one.pk}"] = Post(one.area, one.organisation_id, one.account_id)
                people.append((f"a{one.pk}", f"{one.name} · {_role(one.role)} · {said(one.organisation)}"))
        above = [code for code in levels.upwards(county) if code != county]
        for body in registry.organisations(county) + registry.organisations_at(above):
            if body.kind in _KINDS:
                self._posts[f"o{body.pk}"] = Post(body.area, body.pk, None)
                bodies.append((f"o{body.pk}", said(body)))
        choices: Any = [("", _("Choose a post")), (_("People"), people), (_("Organisations"), bodies)]
        self.fields["to"].choices = [one for one in choices if one[1]]  # type: ignore[attr-defined]

    def post(self) -> Post:
        """The post that was chosen."""
        return self._posts[self.cleaned_data["to"]]


def _role(key: str) -> str:
    known = vocabulary.post_names().get(key)
    return known.name if known else key
