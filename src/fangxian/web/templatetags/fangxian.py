"""The components of the design system, as template tags. `/design/` shows each of them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.core.access import level_label, purpose_name
from fangxian.registry import vocabulary
from fangxian.web import saying

register = template.Library()


@register.filter
def may(actor: Any, right: str) -> bool:
    """`{% if actor|may:"contacts.view" %}`: no link leads to a page that is closed to the reader."""
    return actor is not None and bool(actor.may(right))


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A picture from the sprite: silent beside words, named where it stands alone."""
    href = f"{static('web/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, href)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', href)


@register.simple_tag
def chip(words: Any, tone: str = "calm", picture: str = "") -> SafeString:
    """A state in words, with its picture; the colour only repeats what they say."""
    return format_html('<span class="chip" data-tone="{}">{}{}</span>', tone, icon(picture) if picture else "", words)


@register.simple_tag
def countdown(due: datetime | None) -> SafeString:
    """A clock that counts down to an instant, and up from it when it has passed."""
    if due is None:
        return chip(_("no time yet"), "calm", "clock")
    tone, words = saying.until(due)
    return format_html(
        '<time class="clock" datetime="{}" data-tone="{}" title="{}">{}<span>{}</span></time>',
        due.isoformat(), tone, saying.instant(due), icon("late" if tone == "late" else "clock"), words,
    )  # fmt: skip


#: What became of a step: tone, picture, words.
STEP_STATES: Mapping[str, tuple[str, str, Any]] = {
    "open": ("calm", "open", gettext_lazy("open")),
    "done": ("good", "check", gettext_lazy("done")),
    "late": ("soon", "check", gettext_lazy("done late")),
    "waived": ("waived", "waived", gettext_lazy("waived")),
    "missed": ("late", "missed", gettext_lazy("missed")),
    "void": ("calm", "waived", gettext_lazy("no longer due")),
}


@register.simple_tag
def step_state(step: Any) -> SafeString:
    """The state of a step: an open one shows its clock."""
    if step.state == "open":
        return countdown(step.due_at)
    late = step.state == "done" and step.due_at is not None and step.done_at is not None and step.done_at > step.due_at
    tone, picture, words = STEP_STATES["late" if late else step.state]
    return chip(words, tone, picture)


@register.simple_tag
def transport_state(key: str) -> SafeString:
    """What became of moving a contact."""
    tone, picture, words = ("late", "late", _("late")) if key == "late" else STEP_STATES[key]
    return chip(words, tone, picture)


#: Tone and picture of a case class and of how far a review has come.
_CLASS_TONES = {"confirmed": ("accent", "check"), "discarded": ("calm", "missed")}
_REVIEW_TONES = {"returned": ("late", "return"), "province": ("good", "check")}


@register.simple_tag
def case_class(key: str) -> SafeString:
    """A case class in words."""
    tone, picture = _CLASS_TONES.get(key, ("calm", "info"))
    return chip(saying.CLASSES.get(key, key), tone, picture)


@register.simple_tag
def review_state(key: str) -> SafeString:
    """How far the review has come, in words."""
    tone, picture = _REVIEW_TONES.get(key, ("calm", "clock"))
    return chip(saying.REVIEW.get(key, key), tone, picture)


#: How far an import has come: words, tone, picture.
IMPORT_STATES: Mapping[str, tuple[Any, str, str]] = {
    "": (gettext_lazy("being prepared"), "calm", "edit"),
    "waiting": (gettext_lazy("waits for the worker"), "calm", "clock"),
    "running": (gettext_lazy("being taken in"), "accent", "clock"),
    "done": (gettext_lazy("taken in"), "good", "check"),
    "stopped": (gettext_lazy("stopped"), "soon", "waived"),
    "failed": (gettext_lazy("failed"), "late", "late"),
    "undone": (gettext_lazy("taken back"), "waived", "return"),
}


@register.simple_tag
def import_state(row: Any) -> SafeString:
    """How far an import has come, in words."""
    words, tone, picture = IMPORT_STATES["undone" if row.undone_at else row.job.state if row.job else ""]
    return chip(words, tone, picture)


@register.simple_tag
def coverage_bar(covered: Any) -> SafeString:
    """Done in time, done late, waived and missing, as parts of what was due. An SVG, so that no style is needed inline."""
    if not covered.due:
        return format_html('<span class="muted">{}</span>', _("nothing was due"))
    parts, start = [], 0.0
    for name in ("in_time", "late", "waived", "missing"):
        width = 100 * getattr(covered, name) / covered.due
        if width:
            parts.append(
                format_html(
                    '<rect class="{}" x="{}" y="0" width="{}" height="10"/>',
                    name.replace("_", "-"),
                    f"{start:.2f}",
                    f"{width:.2f}",
                )
            )
            start += width
    label = _("%(done)s of %(due)s settled, %(missing)s missing") % {
        "done": covered.due - covered.missing, "due": covered.due, "missing": covered.missing,
    }  # fmt: skip
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        label, mark_safe("".join(parts)),
    )  # fmt: skip


@register.inclusion_tag("web/components/why.html", takes_context=True)
def why(context: Any, text: str, clause: str = "", pack: str = "", entry: int | None = None) -> dict[str, Any]:
    """“Why?”: the clause that decided with its grade, its pack, and the line of the journal, which leads there for whoever may read it."""
    return {"text": text, "clause": clause, "pack": pack, "entry": entry, "actor": context.get("actor")}


@register.simple_tag(takes_context=True)
def journal_line(context: Any, entry: int) -> SafeString:
    """The number of a line of the journal: a link for whoever may read it."""
    actor = context.get("actor")
    if actor is None or not actor.may("journal.view"):
        return format_html('<small class="muted">{} <span class="code">#{}</span></small>', _("journal"), entry)
    return format_html(
        '<a class="code" href="{}?entry={}">{} #{}</a>', reverse("web:journal"), entry, _("journal"), entry
    )


@register.inclusion_tag("web/components/empty.html")
def empty(picture: str, title: str, hint: str = "", href: str = "", action: str = "") -> dict[str, str]:
    """Nothing to show: why, and what to do."""
    return {"picture": picture, "title": title, "hint": hint, "href": href, "action": action}


@register.inclusion_tag("web/components/note.html")
def note(tone: str, title: Any, text: Any = "") -> dict[str, Any]:
    """A remark that must be read: what happened, and what to do."""
    picture = {"late": "late", "good": "check", "soon": "info"}.get(tone, "info")
    return {"tone": tone, "picture": picture, "title": title, "text": text}


@register.inclusion_tag("web/components/field.html")
def field(bound: Any) -> dict[str, Any]:
    """A field of a form with its label, hint and fault."""
    return {"field": bound}


@register.filter
def bothsaid(text: Mapping[str, str]) -> str:
    """A mapping of zh and en, in the reader's language."""
    return text["zh"] if saying.chinese() else text["en"]


@register.filter
def said(text: Any) -> str:
    """What carries both languages, in the reader's."""
    return saying.said(text)


@register.filter
def day(value: date | None) -> str:
    """A day as the reader writes it."""
    return saying.day(value)


@register.filter
def instant(value: datetime | None) -> str:
    """An instant in local time."""
    return saying.instant(value)


@register.filter
def among(key: str, table: str) -> str:
    """The words for a key: `row.sex|among:"sex"`."""
    tables: Mapping[str, Mapping[str, Any]] = {
        "sex": saying.SEX, "severity": saying.SEVERITY, "outcome": saying.OUTCOME, "origin": saying.ORIGIN,
        "class": saying.CLASSES, "review": saying.REVIEW, "personal": saying.PERSONAL,
        "source": saying.SOURCE_NAMES, "event": saying.EVENTS, "held": saying.HELD, "contact": saying.CONTACT_STATES,
    }  # fmt: skip
    return vocabulary.name("place_kinds", key) if table == "place" else str(tables[table].get(key, key))


@register.filter
def level(key: str) -> str:
    """A level of jurisdiction by name."""
    return level_label(key)


@register.filter
def purpose(key: str) -> str:
    """A purpose by name."""
    return purpose_name(key)


@register.filter
def percent(share: float | None) -> str:
    """A share between 0 and 1 as whole percent; never 100 % where something is missing."""
    if share is None:
        return "–"
    return f"{min(99, round(share * 100)) if share < 1 else 100}%"


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The value of a key."""
    return mapping.get(key, "")


@register.filter
def fieldname(name: str) -> str:
    """A field of a case as its history names it."""
    return saying.field_name(name)


@register.simple_tag
def field_value(name: str, value: Any) -> str:
    """The value of such a field in words."""
    return saying.field_value(name, value)


@register.filter
def choice(key: str, fact: str) -> str:
    """One of the values of a fact by name: `one.setting|choice:"setting"`."""
    return saying.fact_value(fact, key)
