"""Tables of testing rounds (核酸检测轮次): the round, its points, its grids, who is on its roll, and appointments. Private."""

from django.db import models
from django.db.models import Q

from fangxian.laboratory.models import Point, Tube
from fangxian.registry.models import Person

#: What is counted of a grid, in the order of `RoundCount`.
NUMBERS = ("people", "tested", "exempt", "asked", "waiting")


class Round(models.Model):
    """Everybody of an area or of a list is tested within a goal (一轮). Rounds that follow each other share the first one."""

    PLANNED, ENROLLING, UNDER_WAY, ENDED, CALLED_OFF = "planned", "enrolling", "under_way", "ended", "called_off"
    NEXT, STOP = "next", "stop"

    code = models.CharField(max_length=10, unique=True)
    first = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="following")
    number = models.SmallIntegerField(default=1)
    outbreak = models.ForeignKey("cases.Outbreak", null=True, on_delete=models.PROTECT, related_name="+")
    pack = models.CharField(max_length=60)
    #: The smallest jurisdiction that holds all of it.
    area = models.CharField(max_length=18)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    #: The code of the zone that it is held in, where it is.
    zone = models.CharField(max_length=10, blank=True)
    #: Whose homes it covers: {areas, buildings, roofless, people}, codes of jurisdictions and ids of places and persons.
    target = models.JSONField(default=dict)
    goal_hours = models.SmallIntegerField()
    #: Which value of the pack the goal is.
    goal = models.CharField(max_length=40)
    state = models.CharField(max_length=10, default=PLANNED)
    planned_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: The last reason that a person gave.
    reason = models.CharField(max_length=300, blank=True)
    #: What was decided when it had ended: next or stop, why, by whom.
    decided = models.CharField(max_length=4, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_why = models.CharField(max_length=300, blank=True)
    decided_by = models.CharField(max_length=80, blank=True)
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)

    class Meta:
        indexes = [
            models.Index(fields=["area", "-id"], name="round_area"),
            models.Index(fields=["-ended_at"], name="round_live", condition=~Q(state__in=("planned", "called_off"))),
        ]


class RoundPoint(models.Model):
    """A swab point as it works for a round: how many people an hour, from which hour of the day to which."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="points", db_index=False)
    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="+")
    per_hour = models.IntegerField()
    opens = models.SmallIntegerField()
    closes = models.SmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "point"], name="round_point_once")]


class Patch(models.Model):
    """A grid of a round with its numbers (片区): counted from the roll whenever something in it changes, never typed."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="patches", db_index=False)
    area = models.CharField(max_length=18)
    people = models.IntegerField(default=0)
    tested = models.IntegerField(default=0)
    exempt = models.IntegerField(default=0)
    #: Of those who are missing, how many have been asked.
    asked = models.IntegerField(default=0)
    #: Of those tested, how many wait for a result that decides.
    waiting = models.IntegerField(default=0)
    #: What of its mop-up is settled, so that only a change is told to the engine of duties.
    reached = models.BooleanField(default=False)
    done = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "area"], name="patch_once")]
        indexes = [models.Index(fields=["area"], name="patch_area")]


class Listed(models.Model):
    """Somebody who should be tested in a round, where they lived when it began (应检名册).

    With a tube they have come; else with a reason they are exempt; else they are missing.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="roll", db_index=False)
    patch = models.ForeignKey(Patch, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    area = models.CharField(max_length=18)
    #: Id of the household; 0 for whoever belongs to none. A number, so that a list can go on from it.
    door = models.BigIntegerField(default=0)
    #: The first tube of theirs that was taken within the round and came to something.
    tube = models.ForeignKey(Tube, null=True, on_delete=models.SET_NULL, related_name="+")
    exempt = models.CharField(max_length=10, blank=True)
    note = models.CharField(max_length=300, blank=True)
    #: What a missing person said when they were asked.
    answer = models.CharField(max_length=10, blank=True)
    answered_at = models.DateTimeField(null=True)
    by_name = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "round"], name="listed_once")]
        indexes = [
            models.Index(
                fields=["round", "area", "door", "id"], name="listed_missing", condition=Q(tube__isnull=True, exempt="")
            ),
            models.Index(fields=["round", "id"], name="listed_exempt", condition=Q(tube__isnull=True) & ~Q(exempt="")),
        ]


class Booking(models.Model):
    """When and where a household is expected (预约): an hour at a point. Door 0 is whoever of the grid belongs to no household."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="bookings", db_index=False)
    point = models.ForeignKey(RoundPoint, on_delete=models.CASCADE, related_name="+", db_index=False)
    area = models.CharField(max_length=18)
    #: Id of the building, 0 where none is on record.
    building = models.BigIntegerField(default=0)
    door = models.BigIntegerField(default=0)
    people = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "area", "door"], name="booking_once")]
        indexes = [models.Index(fields=["point", "at", "people"], name="booking_hour")]
