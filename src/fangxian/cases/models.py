"""Tables of outbreaks, reported cases and their three-level review (直报、三级审核). Private to the stage."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from fangxian.registry.models import Organisation, Person


class Outbreak(models.Model):
    """An outbreak being handled: what its cases, contacts and numbers are counted under, and the pack in force for it."""

    code = models.CharField(max_length=10, unique=True)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    pack = models.CharField(max_length=60)
    area = models.CharField(max_length=18, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    #: The alert of which it was noticed, where it was one (预警).
    alert = models.CharField(max_length=10, blank=True)
    #: 7-1-7 dates: emergence (onset of the first case), detection, notification, completion of the response.
    emerged_on = models.DateField(null=True, blank=True)
    detected_on = models.DateField(null=True, blank=True)
    notified_on = models.DateField(null=True, blank=True)
    responded_on = models.DateField(null=True, blank=True)


class Case(models.Model):
    """One person's illness or infection in one outbreak."""

    DISCARDED = "discarded"
    REPORTED, RETURNED = "reported", "returned"

    code = models.CharField(max_length=10, unique=True)
    outbreak = models.ForeignKey(Outbreak, on_delete=models.PROTECT, related_name="cases", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="cases")
    #: The number the source gave it (a hospital's, a line list's), so that a second import finds it again.
    source_ref = models.CharField(max_length=60, blank=True)
    pack = models.CharField(max_length=60)
    area = models.CharField(max_length=18)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: A case class of the pack (suspected, probable, confirmed, asymptomatic), or discarded.
    classification = models.CharField(max_length=14)
    #: Pack, version and clause whose definition is met; `as_reported` where the reporter's word stands alone.
    classified_by = models.CharField(max_length=120, blank=True)
    #: imported, local, unknown
    origin = models.CharField(max_length=8, default="unknown")
    #: What is known, by the names of the protocol vocabulary: fever, pcr_positive …
    facts = models.JSONField(default=dict)
    onset_on = models.DateField(null=True, blank=True)
    sampled_at = models.DateTimeField(null=True, blank=True)
    diagnosed_at = models.DateTimeField(null=True, blank=True)
    reported_at = models.DateTimeField()
    isolated_at = models.DateTimeField(null=True, blank=True)
    last_negative_at = models.DateTimeField(null=True, blank=True)
    #: Clock anchors that only some diseases know (`rash_at`): name → ISO instant.
    dates = models.JSONField(default=dict)
    #: mild, moderate, severe, critical
    severity = models.CharField(max_length=10, blank=True)
    hospital = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    admitted_at = models.DateTimeField(null=True, blank=True)
    #: recovered, died, transferred; empty while in care
    outcome = models.CharField(max_length=12, blank=True)
    outcome_on = models.DateField(null=True, blank=True)
    #: How far the review has come: reported, then the level that approved last (county, city, province), or returned.
    review = models.CharField(max_length=10, default=REPORTED)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["outbreak", "source_ref"],
                condition=~Q(source_ref="") & ~Q(classification="discarded"),
                name="case_source_once",
            ),
            models.UniqueConstraint(
                fields=["outbreak", "person"], condition=~Q(classification="discarded"), name="one_case_a_person"
            ),
        ]
        indexes = [
            models.Index(fields=["-reported_at", "-id"], name="case_time"),
            models.Index(fields=["area", "-reported_at", "-id"], name="case_area_time"),
            models.Index(fields=["outbreak", "-reported_at", "-id"], name="case_outbreak_time"),
            models.Index(fields=["outbreak", "onset_on"], name="case_onset"),
            models.Index(fields=["onset_on", "id"], name="case_by_onset"),
            models.Index(fields=["diagnosed_at", "id"], name="case_by_diagnosis"),
            models.Index(fields=["outcome_on", "id"], name="case_by_outcome"),
            models.Index(fields=["source_ref"], name="case_source", condition=~Q(source_ref="")),
        ]


class Judgement(models.Model):
    """What a case was held to be, from when, by which definition (病例分类、订正). The newest one is the case's class."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="judgements")
    classification = models.CharField(max_length=14)
    basis = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    #: When it was entered here. A card of last week that comes in today counts last week, and was not known then.
    known_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["known_at"], name="judgement_known")]


class Ending(models.Model):
    """What the outcome of a case was held to be, from when (转归、订正); empty while in care. The newest one is the case's.

    A card that brings its outcome with it tells it at the time of its report, like its class.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="endings")
    outcome = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField()
    known_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["known_at"], name="ending_known")]


class Review(models.Model):
    """One decision of one level on a case: approved, or returned with the reason."""

    APPROVE, RETURN = "approve", "return"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reviews")
    level = models.CharField(max_length=10)
    decision = models.CharField(max_length=10)
    reason = models.CharField(max_length=300, blank=True)
    by_name = models.CharField(max_length=80)
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
