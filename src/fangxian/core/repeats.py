"""Asked twice, done once: a request that carries a key of its own gets its first answer again.

Phones send again what they do not know to have arrived. The key is written in the transaction of the work itself, so that the
two stand or fall together; of two that come at once the second waits for the first.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, Refusal
from fangxian.core.models import Answer

#: How long an answer is kept: a weekend without network.
KEPT = timedelta(hours=72)


def once(by: Actor, key: str, asked: str, work: Callable[[], tuple[int, str]]) -> tuple[int, str, bool]:
    """Do the work under the key, or tell what it answered before: status, body, whether that was before.

    `asked` is a digest of the question. Raises Conflict where the key stands for another one. What `work` refuses leaves
    nothing behind: it may be put right and sent again under the same key.
    """
    assert by.account_id is not None, "only an account asks by a key"
    Answer.objects.filter(at__lt=clock.now() - KEPT).delete()
    try:
        with transaction.atomic():
            answer = Answer.objects.create(account_id=by.account_id, key=key, asked=asked, at=clock.now())
            answer.status, answer.body = work()
            answer.save(update_fields=["status", "body"])
            return answer.status, answer.body, False
    except IntegrityError:
        known = Answer.objects.filter(account_id=by.account_id, key=key).first()
        if known is None:  # the work itself met it, not the key
            raise
    if known.asked != asked:
        raise _reused()
    return known.status, known.body, True


def once_each(
    by: Actor, asked: Sequence[tuple[str, str]], work: Callable[[Sequence[int]], Sequence[str | Refusal]]
) -> list[str | Refusal]:
    """The same for many requests that come together, each with its key and its digest: what each is answered, in their order.

    `work` is given the places of those that have no answer yet, and does them in one transaction. One that it refuses leaves no
    key behind and does not stop the others.
    """
    assert by.account_id is not None, "only an account asks by a key"
    Answer.objects.filter(at__lt=clock.now() - KEPT).delete()
    for last_try in (False, True):
        try:
            with transaction.atomic():
                return _each(by.account_id, asked, work)
        except IntegrityError:  # somebody sent one of these a moment ago: now it is known
            if last_try:
                raise
    raise AssertionError("the last try returns or raises")


def _each(
    account: int, asked: Sequence[tuple[str, str]], work: Callable[[Sequence[int]], Sequence[str | Refusal]]
) -> list[str | Refusal]:
    known = {one.key: one for one in Answer.objects.filter(account_id=account, key__in=[key for key, _digest in asked])}
    first = {key: place for place, (key, _digest) in reversed(list(enumerate(asked)))}
    fresh = sorted(place for key, place in first.items() if key not in known)
    made = [Answer(account_id=account, key=asked[place][0], asked=asked[place][1], at=clock.now()) for place in fresh]
    Answer.objects.bulk_create(made)
    answers = dict(zip(fresh, work(fresh), strict=True)) if fresh else {}
    for place, row in zip(fresh, made, strict=True):
        told = answers[place]
        if not isinstance(told, Refusal):
            row.status, row.body = 200, told
    Answer.objects.filter(pk__in=[row.pk for row in made if not row.status]).delete()
    Answer.objects.bulk_update([row for row in made if row.status], ["status", "body"])

    def told_of(key: str, digest: str) -> str | Refusal:
        if (before := known.get(key)) is not None:
            return before.body if before.asked == digest else _reused()
        return answers[first[key]] if asked[first[key]][1] == digest else _reused()

    return [told_of(key, digest) for key, digest in asked]


def _reused() -> Conflict:
    return Conflict(
        _("This key was used for another request."),
        remedy=_("Make a new key for each new request; repeat one only with the same content."),
        code="key_reused",
        field="Idempotency-Key",
    )
