"""Tables of the laboratory: swab points, tubes and who is in them, boxes and their hand-overs, results. Private to the stage."""

from django.db import models
from django.db.models import Q

from fangxian.registry.models import Organisation, Person, Place


class Point(models.Model):
    """A place where samples are taken (采样点), run by an organisation."""

    code = models.CharField(max_length=10, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    #: The laboratory that usually gets what is taken here.
    laboratory = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=18)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["area", "id"], name="point_area")]


class Box(models.Model):
    """Tubes that travel together under one seal (送检箱)."""

    SEALED, UNDER_WAY, RECEIVED = "sealed", "under_way", "received"

    code = models.CharField(max_length=10, unique=True)
    #: The number of the seal, which whoever receives the box compares.
    seal = models.CharField(max_length=40, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    laboratory = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=18)
    pack = models.CharField(max_length=60)
    state = models.CharField(max_length=9, default=SEALED)
    tubes = models.IntegerField()
    #: Tubes of the box that have neither a result nor another end yet.
    waiting = models.IntegerField()
    #: Barcodes that were sealed in and did not arrive, and those that arrived without having been sealed in.
    missing = models.JSONField(default=list)
    surplus = models.JSONField(default=list)
    first_sampled_at = models.DateTimeField()
    sealed_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["area", "-id"], name="box_area"),
            models.Index(fields=["laboratory", "-id"], name="box_laboratory"),
            models.Index(fields=["organisation", "-id"], name="box_sender"),
        ]


class HandOver(models.Model):
    """One link of the chain of custody of a box: who gave it to whom, and when (交接)."""

    box = models.ForeignKey(Box, on_delete=models.CASCADE, related_name="hand_overs")
    sender = models.CharField(max_length=80)
    receiver = models.CharField(max_length=80)
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)


class Tube(models.Model):
    """A sample in its tube: the swab of one person, of several, of a household, or of no person at all."""

    SINGLE, POOL, HOUSEHOLD, OBJECT = "single", "pool", "household", "object"
    COLLECTED, SEALED, RECEIVED, RESULTED, REJECTED, LOST = (
        "collected", "sealed", "received", "resulted", "rejected", "lost",
    )  # fmt: skip
    #: Nothing more is expected of it.
    ENDED = (RESULTED, REJECTED, LOST)

    code = models.CharField(max_length=32, unique=True)
    #: The barcode before it was labelled anew.
    former = models.CharField(max_length=32, blank=True)
    kind = models.CharField(max_length=9)
    #: How many people it is for at most, and how many are in it.
    capacity = models.SmallIntegerField()
    people = models.SmallIntegerField()
    reason = models.CharField(max_length=12)
    outbreak = models.ForeignKey("cases.Outbreak", null=True, on_delete=models.PROTECT, related_name="+")
    pack = models.CharField(max_length=60)
    area = models.CharField(max_length=18)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    point = models.ForeignKey(Point, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    sampled_at = models.DateTimeField()
    #: The instant by which its result is due, where the pack says so of the reason, or of the receipt.
    due_at = models.DateTimeField(null=True)
    box = models.ForeignKey(Box, null=True, on_delete=models.PROTECT, related_name="contents")
    laboratory = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    received_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=9, default=COLLECTED)
    #: The result that holds now; empty while there is none.
    value = models.CharField(max_length=13, blank=True)
    #: The lowest Ct of its targets.
    ct = models.FloatField(null=True)
    resulted_at = models.DateTimeField(null=True)
    #: Why it was rejected, or how it was lost.
    why = models.CharField(max_length=300, blank=True)
    #: The tube that this one takes the place of: a sample that was taken again.
    again = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="retests")
    #: Of things: what was swabbed, where, of which batch.
    what = models.CharField(max_length=10, blank=True)
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    batch = models.CharField(max_length=60, blank=True)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)

    class Meta:
        indexes = [
            models.Index(fields=["area", "-id"], name="tube_area"),
            models.Index(fields=["organisation", "-id"], name="tube_organisation"),
            models.Index(fields=["laboratory", "-id"], name="tube_laboratory"),
            models.Index(fields=["point", "-id"], name="tube_point"),
            models.Index(fields=["point", "sampled_at", "people"], name="tube_swabbed"),
            models.Index(fields=["former"], name="tube_former", condition=~Q(former="")),
            models.Index(
                fields=["due_at", "id"],
                name="tube_due",
                condition=Q(due_at__isnull=False, state__in=("collected", "sealed", "received")),
            ),
            models.Index(fields=["-resulted_at", "-id"], name="tube_positive", condition=Q(value="positive")),
        ]


class Swab(models.Model):
    """One person's swab in a tube."""

    tube = models.ForeignKey(Tube, on_delete=models.CASCADE, related_name="swabs", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tube", "person"], name="swab_once")]
        indexes = [models.Index(fields=["person", "-id"], name="swab_person")]


class Result(models.Model):
    """What a laboratory said of a tube. A correction is a further row: what was said before stays on record."""

    FINAL, CORRECTED, CANCELLED = "final", "corrected", "cancelled"

    tube = models.ForeignKey(Tube, on_delete=models.CASCADE, related_name="results", db_index=False)
    number = models.SmallIntegerField()
    status = models.CharField(max_length=9, default=FINAL)
    value = models.CharField(max_length=13)
    #: Target → cycle threshold, as far as told.
    cts = models.JSONField(default=dict)
    tested_at = models.DateTimeField(null=True)
    #: The laboratory's own number of the report.
    reference = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=8)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tube", "number"], name="result_once")]


class Member(models.Model):
    """Somebody of a positive pool, until a tube of their own has told (混采阳性复采). A pool never decides a person."""

    HELD, NEGATIVE, POSITIVE, FREED = "held", "negative", "positive", "freed"

    pool = models.ForeignKey(Tube, on_delete=models.PROTECT, related_name="members", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=18)
    pack = models.CharField(max_length=60)
    #: held: waits for its own result; freed: the pool's result was corrected or cancelled.
    state = models.CharField(max_length=8, default=HELD)
    since = models.DateTimeField()
    single = models.ForeignKey(Tube, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "person"], name="member_once")]
        indexes = [models.Index(fields=["area", "-id"], name="member_area")]


class Positive(models.Model):
    """A person's own positive result, until a person decided what it means: a case, one that is known already, or none."""

    WAITING, CASE, DECLINED, WITHDRAWN = "waiting", "case", "declined", "withdrawn"

    tube = models.OneToOneField(Tube, on_delete=models.PROTECT, related_name="positive")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=18)
    state = models.CharField(max_length=9, default=WAITING)
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.SET_NULL, related_name="+")
    #: Whether the case was reported from this result (else it was known before).
    opened = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    by_name = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["area", "-id"], name="positive_area"),
            models.Index(fields=["state", "-id"], name="positive_state"),
        ]


class Unmatched(models.Model):
    """A result that no tube here belongs to, until a person says whose it is. Who it names is sealed."""

    WAITING, MATCHED, DISMISSED = "waiting", "matched", "dismissed"

    laboratory = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=18)
    #: The form as it came, as JSON under seal.
    sealed = models.BinaryField()
    #: Fingerprint of the form, so that the same result sent twice waits once.
    fingerprint = models.CharField(max_length=32, unique=True)
    barcode = models.CharField(max_length=32, blank=True)
    value = models.CharField(max_length=13)
    state = models.CharField(max_length=9, default=WAITING)
    #: Whom it may be of: [person, how well it fits from 0 to 1, what fits], the likeliest first.
    proposals = models.JSONField(default=list)
    tube = models.ForeignKey(Tube, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    by_name = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["area", "-id"], name="unmatched_area", condition=Q(state="waiting")),
            models.Index(fields=["laboratory", "-id"], name="unmatched_lab", condition=Q(state="waiting")),
        ]
