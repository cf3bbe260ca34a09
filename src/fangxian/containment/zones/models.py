"""Tables of risk areas (风险区): what is drawn, why, what was said of it, and every state it was in. Private to the stage.

Other stages' tables are named, not imported: a foreign key needs no more.
"""

from django.db import models


class Zone(models.Model):
    """An area under one level of control: proposed by the pack's rule or by a person, decided by a person, lifted by the rule."""

    PROPOSED, DECLINED, IN_FORCE, LIFTED, WITHDRAWN = "proposed", "declined", "in_force", "lifted", "withdrawn"

    code = models.CharField(max_length=10, unique=True)
    outbreak = models.ForeignKey("cases.Outbreak", on_delete=models.PROTECT, related_name="+", db_index=False)
    #: The smallest jurisdiction that holds all of it, a county at most.
    area = models.CharField(max_length=18)
    #: Pack and version by whose rules it is judged to its end, e.g. `covid-19-cn-9@9+1f0c23ab`.
    pack = models.CharField(max_length=80)
    #: A level of the pack: high, lockdown …; the last one it had, once it is lifted.
    level = models.CharField(max_length=20)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    state = models.CharField(max_length=10, default=PROPOSED)
    proposed_at = models.DateTimeField()
    #: When it came into force, and since when it is at its level.
    decided_at = models.DateTimeField(null=True)
    level_since = models.DateTimeField(null=True)
    #: Whether it came down from a stricter level.
    downgraded = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    #: The last reason that a person gave.
    reason = models.CharField(max_length=300, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["state", "area", "-id"], name="zone_state_area"),
            models.Index(fields=["outbreak", "state"], name="zone_outbreak"),
            models.Index(fields=["area", "-id"], name="zone_area"),
        ]


class Unit(models.Model):
    """A piece of land that a zone is made of: a place on record, a jurisdiction, an H3 cell, or an outline drawn by hand."""

    PLACE, AREA, CELL, OUTLINE = "place", "area", "cell", "outline"

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="units", db_index=False)
    #: `place:12`, `area:990101001001`, `cell:8a…`, `outline:` and the digest of its corners.
    key = models.CharField(max_length=60)
    place = models.ForeignKey("registry.Place", null=True, on_delete=models.PROTECT, related_name="+")
    outline = models.JSONField(null=True)
    #: Whether it is no longer a part of the zone: kept, so that the past can be drawn.
    dropped = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "key"], name="unit_once_a_zone")]
        indexes = [models.Index(fields=["key"], name="unit_key")]


class Ground(models.Model):
    """Why a zone is what it is: that one case lives at a unit of it, was active there or stayed there."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="grounds", db_index=False)
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=60)
    level = models.CharField(max_length=20)
    #: What decided: case_lives_here, case_active_here, case_stayed_here …
    fact = models.CharField(max_length=40)
    minutes = models.IntegerField(default=0)
    visits = models.IntegerField(default=0)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    #: When the infection became known: the later of diagnosis and report. A lift counts from it.
    infected_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "case", "key", "fact"], name="ground_once")]


class Change(models.Model):
    """What became of a zone, with all that it was from then on: the zone at any instant is its last change before it."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="changes", db_index=False)
    at = models.DateTimeField()
    #: proposed, edited, accepted, declined, infection, round, notice, downgraded, lifted, withdrawn, absorbed
    what = models.CharField(max_length=10)
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True)
    #: Pack, version and clause.
    basis = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10)
    level = models.CharField(max_length=20)
    area = models.CharField(max_length=18)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    units = models.JSONField(default=list)
    #: What else there is to say of the change: tested and positives of a round, the number of a notice.
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["zone", "-at", "-id"], name="zone_change")]


class Notice(models.Model):
    """What was told to the public about a zone (公告). Never changed: what is to be said otherwise is said in another one."""

    DRAWN, DOWNGRADED, LIFTED, WITHDRAWN = "drawn", "downgraded", "lifted", "withdrawn"

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="notices", db_index=False)
    kind = models.CharField(max_length=10)
    #: 1, 2 … of the zone; a notice's number is the zone's code and this.
    version = models.SmallIntegerField()
    level = models.CharField(max_length=20)
    title_zh = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    text_zh = models.TextField()
    text_en = models.TextField()
    issued_at = models.DateTimeField(db_index=True)
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "version"], name="notice_once")]


class Round(models.Model):
    """A round of testing of everybody in a zone: told by hand, or held as a testing round, whose results are then followed."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="rounds", db_index=False)
    day = models.DateField()
    tested = models.IntegerField()
    positives = models.IntegerField()
    #: People of the zone who were not tested: only a round without any says “everybody negative”.
    untested = models.IntegerField(default=0)
    #: Of those tested, how many wait for a result that decides: until it is in, the round counts for nothing.
    waiting = models.IntegerField(default=0)
    #: The code of the testing round, where it was held as one.
    held = models.CharField(max_length=10, blank=True)
    recorded_at = models.DateTimeField()
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)

    class Meta:
        indexes = [models.Index(fields=["zone", "-day"], name="zone_round")]
        constraints = [
            models.UniqueConstraint(fields=["zone", "held"], name="zone_round_once", condition=~models.Q(held=""))
        ]


class Desk(models.Model):
    """The row that whoever evaluates the cases of an outbreak holds, so that two of them do not propose the same area."""

    outbreak = models.OneToOneField("cases.Outbreak", primary_key=True, on_delete=models.CASCADE, related_name="+")
