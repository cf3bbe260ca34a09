"""Tables of the regular testing of high-risk posts (高风险岗位定期检测). Private to the room."""

from django.db import models
from django.db.models import Q

from fangxian.registry.models import Organisation, Person


class Roster(models.Model):
    """The people of one employer in one kind of post (岗位台账); how often they are tested is said by the pack."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: The key of the post in the pack.
    post = models.CharField(max_length=40)
    pack = models.CharField(max_length=60)
    area = models.CharField(max_length=18)
    opened_at = models.DateTimeField()
    #: The last day up to which tests owed have been written down.
    owed_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "post"], name="roster_once")]
        indexes = [models.Index(fields=["area", "id"], name="roster_area")]


class Worker(models.Model):
    """Somebody in a high-risk post, from the day they begin to the day they leave it."""

    #: At work; in a closed-loop shift; at home or elsewhere under watch after it.
    POST, LOOP, WATCH = "post", "loop", "watch"

    code = models.CharField(max_length=10, unique=True)
    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="workers", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    #: What the employer calls them by, and what they do.
    number = models.CharField(max_length=40, blank=True)
    job = models.CharField(max_length=80, blank=True)
    since = models.DateField()
    until = models.DateField(null=True)
    why = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=5, default=POST)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["roster", "person"], name="worker_once", condition=Q(until__isnull=True))
        ]
        indexes = [models.Index(fields=["roster", "id"], name="worker_roster")]


class Turn(models.Model):
    """A test that a worker owes: one swab on any day from `first` to `last` (应检). Done by swabs, never by typing."""

    DUE, DONE, MISSED, EXCUSED = "due", "done", "missed", "excused"

    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="turns", db_index=False)
    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="+", db_index=False)
    first = models.DateField()
    last = models.DateField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=7, default=DUE)
    tube = models.ForeignKey("laboratory.Tube", null=True, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["worker", "last"], name="turn_once")]
        indexes = [
            models.Index(fields=["due_at", "id"], name="turn_due", condition=Q(state="due")),
            models.Index(fields=["roster", "last", "state"], name="turn_roster"),
        ]


class Shift(models.Model):
    """A stay in the closed loop: work and lodging apart from everybody else (闭环管理), and the watch that may follow it."""

    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="shifts")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    #: How the watch after it ended; empty while there is none or it goes on.
    outcome = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["worker"], name="shift_open", condition=Q(ended_at__isnull=True))
        ]
