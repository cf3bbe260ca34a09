"""Tables of the core. Private to it: others use `access`, `journal`, `outbox` and `jobs`."""

import json
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(login=username)


class Account(AbstractBaseUser):
    """Who signs in. What an account may do follows from its grants alone; there is no superuser."""

    login = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    phone = models.CharField(max_length=30, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    #: The registry person whose own data this account may see (a resident), if any.
    person_id = models.BigIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    failed_tries = models.SmallIntegerField(default=0)
    #: No sign-in before this instant, after too many wrong passwords.
    locked_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "login"
    objects = AccountManager()

    def __str__(self) -> str:
        return self.name


class SecondFactor(models.Model):
    """What an account shows beside its password: a secret shared with an app, and recovery codes. Counts once it is confirmed."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="second_factor")
    #: Sealed.
    secret = models.BinaryField()
    begun_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    #: The step of the last code that was taken: it is not taken again.
    last_step = models.BigIntegerField(default=-1)
    #: Keyed digests of the recovery codes that are left.
    recovery = models.JSONField(default=list)


class Grant(models.Model):
    """A role in a jurisdiction (every code that begins with `area`), for an organisation where the role is bound to one."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=30)
    area = models.CharField(max_length=18, blank=True)
    organisation_id = models.BigIntegerField(null=True, blank=True)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["role", "area"], name="grant_role_area"),
            models.Index(fields=["organisation_id"], name="grant_organisation"),
        ]


class Entry(models.Model):
    """One line of the journal. Never changed, never deleted: triggers refuse it, the chain betrays it."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=80)
    channel = models.CharField(max_length=10)
    action = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    area = models.CharField(max_length=18, blank=True)
    purpose = models.CharField(max_length=30, blank=True)
    #: Pack, version and clause that were applied, where a guideline decided.
    basis = models.CharField(max_length=120, blank=True)
    data = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "seq"], name="entry_subject")]

    @property
    def content(self) -> dict[str, Any]:
        """`data` as an object (it is stored as the very text that was hashed)."""
        return json.loads(self.data)  # type: ignore[no-any-return]


class Head(models.Model):
    """The end of the chain: one row, locked by whoever appends. `frontier` holds the Merkle roots of the complete subtrees."""

    id = models.SmallIntegerField(primary_key=True)
    size = models.BigIntegerField()
    at = models.DateTimeField(null=True)
    hash = models.CharField(max_length=64)
    frontier = models.JSONField()


class Message(models.Model):
    """An event in the outbox, written in the transaction of the change that it tells of."""

    kind = models.CharField(max_length=60)
    body = models.JSONField()
    at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="message_waiting", condition=models.Q(delivered_at__isnull=True)),
        ]


class Delivery(models.Model):
    """That one handler has dealt with one message (or how it failed): what makes handling happen once."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    handler = models.CharField(max_length=80)
    done_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "handler"], name="delivery_once")]


class Job(models.Model):
    """A long piece of work with its progress: shown live, interruptible, resumable from `cursor`."""

    WAITING, RUNNING, DONE, FAILED, STOPPED = "waiting", "running", "done", "failed", "stopped"

    code = models.CharField(max_length=10, unique=True)
    kind = models.CharField(max_length=40)
    owner = models.ForeignKey(Account, null=True, on_delete=models.PROTECT)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default=WAITING)
    total = models.BigIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    stop_wanted = models.BooleanField(default=False)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    beat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)


class Token(models.Model):
    """A machine's way in: whoever shows the secret acts as the account. Only its digest is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)


class Answer(models.Model):
    """The first answer to a request that carried a key of its own, so that the request may be sent again (`core.repeats`)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=100)
    #: Digest of what was asked: the same key with another question is refused.
    asked = models.CharField(max_length=64)
    status = models.SmallIntegerField(default=0)
    body = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="answer_once")]


class Attachment(models.Model):
    """A photograph that belongs to a record of some stage. The bytes lie sealed in a file named by `fingerprint`."""

    code = models.CharField(max_length=10, unique=True)
    about_kind = models.CharField(max_length=20)
    about_id = models.BigIntegerField()
    area = models.CharField(max_length=18)
    #: A keyed digest of the content: equal photographs share a file, and nobody without the key can tell which one it is.
    fingerprint = models.CharField(max_length=32, db_index=True)
    size = models.IntegerField()
    width = models.IntegerField()
    height = models.IntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["about_kind", "about_id", "fingerprint"], name="attachment_once")
        ]
