"""Tables of the closed-loop engine. Written by `duties.actions` alone, read by `duties.queries`."""

from django.db import models

from fangxian.core.models import Account
from fangxian.registry.models import Organisation


class PackVersion(models.Model):
    """A protocol pack exactly as it was when it first opened a duty, overlays included."""

    ref = models.CharField(max_length=80, primary_key=True)
    #: JSON as text: the order of categories and steps is part of what a pack says, and PostgreSQL's jsonb forgets it.
    content = models.TextField()


class Duty(models.Model):
    """One subject going through the steps that a protocol names, until an outcome (闭环)."""

    OPEN, CLOSED = "open", "closed"

    kind = models.CharField(max_length=40)
    #: Pack id and version that opened it, e.g. `covid-19-cn-9@9-3f2a1c`.
    pack = models.CharField(max_length=80)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    area = models.CharField(max_length=18)
    #: Clock anchors known so far: name → ISO instant.
    anchors = models.JSONField(default=dict)
    state = models.CharField(max_length=6, default=OPEN)
    outcome = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "kind"],
                condition=models.Q(state="open"),
                name="one_open_duty_of_a_kind",
            )
        ]
        indexes = [models.Index(fields=["subject_kind", "subject_id"], name="duty_subject")]


class Step(models.Model):
    """One thing to be done by one party by one time. `due_at` is null while the anchor it counts from is unknown."""

    OPEN, DONE, WAIVED, MISSED, VOID = "open", "done", "waived", "missed", "void"
    #: Settled: somebody answered for it. A missed step stays missed for ever; a void one was never due.
    SETTLED = (DONE, WAIVED)

    #: No constraints in the database on this table: checking four of them for each of a million new rows at the end of an import
    #: took longer than writing the rows. One module writes here, and `fangxian doctor --deep` rebuilds every step from the journal.
    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="steps", db_index=False, db_constraint=False)
    kind = models.CharField(max_length=40)
    area = models.CharField(max_length=18)
    key = models.CharField(max_length=40)
    #: Which time this step is done: 2 after it was sent back once.
    attempt = models.SmallIntegerField(default=1)
    number = models.SmallIntegerField()
    role = models.CharField(max_length=20)
    #: The jurisdiction whose post holds it; lateness is escalated from there upwards.
    post_area = models.CharField(max_length=18)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    state = models.CharField(max_length=6, default=OPEN)
    due_at = models.DateTimeField(null=True)
    #: When the sweep must look again: due time first, then every `alarm_every` seconds while it is late.
    alarm_at = models.DateTimeField(null=True)
    alarm_every = models.IntegerField()
    #: The jurisdiction whose duty officer has been told that this is late; empty while it is not.
    escalated_to = models.CharField(max_length=18, blank=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    evidence = models.JSONField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["duty", "key", "attempt"], name="step_once")]
        indexes = [
            models.Index(
                fields=["alarm_at"], name="step_alarm", condition=models.Q(state="open", alarm_at__isnull=False)
            ),
            models.Index(
                fields=["organisation", "account", "due_at"], name="step_post", condition=models.Q(state="open")
            ),
            models.Index(
                fields=["escalated_to", "due_at"],
                name="step_escalated",
                condition=models.Q(state="open") & ~models.Q(escalated_to=""),
            ),
            models.Index(fields=["account", "due_at"], name="step_account", condition=models.Q(state="open")),
            #: What is late, of whatever kind and wherever: read in the order of time, from this index alone.
            models.Index(fields=["due_at", "id", "area", "duty"], name="step_due", condition=models.Q(state="open")),
            models.Index(
                fields=["kind", "area", "due_at"],
                name="step_place",
                condition=models.Q(state__in=("open", "missed")),
            ),
        ]


class CoverageCell(models.Model):
    """Changes of the number of steps due, settled in time, settled late and missed, by county, kind and hour due.

    Rows are only added (one a change, so that writers never wait for each other) and folded together by the sweep; a
    count is the sum over the rows. So coverage of a province over ten million steps is a sum over some thousand rows.
    """

    county = models.CharField(max_length=6)
    kind = models.CharField(max_length=40)
    hour = models.DateTimeField()
    due = models.IntegerField(default=0)
    in_time = models.IntegerField(default=0)
    late = models.IntegerField(default=0)
    waived = models.IntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["county", "kind", "hour"], name="coverage_place"),
            models.Index(fields=["hour"], name="coverage_hour"),
        ]
