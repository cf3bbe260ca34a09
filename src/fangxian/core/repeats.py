"""Asked twice, done once: a request that carries a key of its own gets its first answer again.

Phones send again what they do not know to have arrived. The key is written in the transaction of the work itself, so that the
two stand or fall together; of two that come at once the second waits for the first.
"""

from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict
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
        raise Conflict(
            _("This key was used for another request."),
            remedy=_("Make a new key for each new request; repeat one only with the same content."),
            code="key_reused",
            field="Idempotency-Key",
        )
    return known.status, known.body, True
