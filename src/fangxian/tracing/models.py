"""Tables of investigation, exposure and contact: the record side of tracing (流调溯源). Private to the stage."""

from django.db import models

from fangxian.cases.models import Case, Outbreak
from fangxian.core.models import Account, Job
from fangxian.registry.models import Organisation, Person, Place


class Investigation(models.Model):
    """The field investigation of one case by one team, against its clocks (快速流调)."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="investigation")
    team = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    summary = models.TextField(blank=True)


class Activity(models.Model):
    """One stay on a case's activity track (活动轨迹): where, from when to when, with whom, how protected, known from what."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="track")
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    place_text = models.CharField(max_length=160, blank=True)
    place_kind = models.CharField(max_length=20, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True, blank=True)
    with_whom = models.CharField(max_length=200, blank=True)
    masked = models.BooleanField(null=True)
    #: interview, card, camera, ticket, venue_code, register, linelist
    source = models.CharField(max_length=12, default="interview")
    version = models.IntegerField(default=1, db_default=1)

    class Meta:
        indexes = [models.Index(fields=["case", "from_at"], name="activity_case_time")]


class Contact(models.Model):
    """A person exposed in an outbreak, once, however often exposed (密接、次密接): category, clocks, and the "four clear" (四清)."""

    UNDER_WATCH, RELEASED, BECAME_CASE, LOST, DISMISSED = "watched", "released", "case", "lost", "dismissed"
    #: Turned out to be the same human as another contact, which has the exposures now (`merged_into`).
    MERGED = "merged"

    code = models.CharField(max_length=10, unique=True)
    outbreak = models.ForeignKey(Outbreak, on_delete=models.PROTECT, related_name="contacts", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contacts")
    pack = models.CharField(max_length=60)
    area = models.CharField(max_length=18)
    #: A category of the pack (close, secondary, exposed, general), by its rule, with the clause.
    category = models.CharField(max_length=20)
    classified_by = models.CharField(max_length=120, blank=True)
    #: The facts of the exposure that decided the category: what the pack's duties ask of a contact.
    facts = models.JSONField(default=dict)
    ring = models.SmallIntegerField(default=1)
    state = models.CharField(max_length=10, default=UNDER_WATCH)
    first_exposure_at = models.DateTimeField()
    last_exposure_at = models.DateTimeField()
    identified_at = models.DateTimeField()
    #: The four clear: who (person confirmed), where (place confirmed), how controlled; that it exists is the number.
    person_clear_at = models.DateTimeField(null=True, blank=True)
    place_clear_at = models.DateTimeField(null=True, blank=True)
    control_clear_at = models.DateTimeField(null=True, blank=True)
    #: home, site, hospital, elsewhere; empty while not controlled
    held = models.CharField(max_length=10, blank=True)
    held_at_place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: The body that holds the person (a quarantine site, a hospital): its staff see this contact.
    held_by = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: When the person was first held.
    held_at = models.DateTimeField(null=True, blank=True)
    #: Symptoms or a positive test were reported, and nobody has decided yet whether this is a case.
    suspected_at = models.DateTimeField(null=True, blank=True)
    case = models.OneToOneField(Case, null=True, blank=True, on_delete=models.SET_NULL, related_name="was_contact")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["outbreak", "person"], condition=models.Q(state="watched"), name="one_open_contact_a_person"
            )
        ]
        indexes = [
            models.Index(fields=["area", "-identified_at", "-id"], name="contact_area_time"),
            models.Index(fields=["outbreak", "-identified_at", "-id"], name="contact_outbreak_time"),
            models.Index(fields=["outbreak", "area", "state"], name="contact_place"),
            #: Everything that the four clear are counted by, so that a count reads the index alone.
            models.Index(
                fields=["outbreak", "area", "category", "person_clear_at", "place_clear_at", "control_clear_at"],
                name="contact_four_clear",
                condition=models.Q(state="watched"),
            ),
            models.Index(fields=["outbreak", "created_at"], name="contact_entered"),
            models.Index(fields=["outbreak", "ended_at"], name="contact_ended"),
        ]


class Attempt(models.Model):
    """A follow-up at which the person could not be reached. What was found at one that succeeded is on the duty's step."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    note = models.CharField(max_length=300)
    by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)


class Exposure(models.Model):
    """That one person was exposed to a case (ring 1) or to a contact (ring 2): when, where, how, and how the pack judged it."""

    outbreak = models.ForeignKey(Outbreak, on_delete=models.PROTECT, related_name="exposures", db_index=False)
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.PROTECT, related_name="exposures")
    contact_of = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="onward_exposures"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="exposures")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="exposures")
    #: The case that the exposed person became (or was already), where the exposure is held to be the transmission …
    infected = models.ForeignKey(Case, null=True, blank=True, on_delete=models.SET_NULL, related_name="infections")
    #: … by whom: rule (the likeliest of several), source (a line list says so), person (decided, with the reason) …
    infected_how = models.CharField(max_length=8, blank=True)
    #: … and why.
    infected_why = models.CharField(max_length=300, blank=True)
    setting = models.CharField(max_length=30, blank=True)
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    place_text = models.CharField(max_length=160, blank=True)
    from_at = models.DateTimeField(null=True, blank=True)
    to_at = models.DateTimeField(null=True, blank=True)
    minutes = models.FloatField(null=True, blank=True)
    #: Every fact the category was judged by: distance_m, protected, same_room, household, in_window …
    facts = models.JSONField(default=dict)
    category = models.CharField(max_length=20, blank=True)
    classified_by = models.CharField(max_length=120, blank=True)
    relation = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=12, default="interview")
    created_at = models.DateTimeField()
    #: Counts what people corrected; being judged anew is no correction.
    version = models.IntegerField(default=1, db_default=1)

    class Meta:
        indexes = [
            models.Index(fields=["outbreak"], name="exposure_edge", condition=models.Q(infected__isnull=False)),
        ]


class UnlistedInfector(models.Model):
    """Somebody whom a source names as the infector of a case, and who is no case on record: a link of a chain, owed nothing.

    Of the exposure itself nothing is known, so it is none. Once the person is a case of the outbreak the link is that case's.
    """

    outbreak = models.ForeignKey(Outbreak, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    infected = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    setting = models.CharField(max_length=30, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["infected", "person"], name="unlisted_infector_once")]


class Import(models.Model):
    """A line list that somebody dropped on the import page: its files (in the private folder of the installation), its recipe,
    what was put right by hand, and the job that took it in."""

    code = models.CharField(max_length=10, unique=True)
    owner = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    outbreak = models.ForeignKey(Outbreak, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: Name and size in bytes of each file.
    files = models.JSONField(default=list)
    recipe = models.TextField()
    #: File → field → how sure the guess was, and why.
    grounds = models.JSONField(default=dict)
    #: Sealed: file → row → column → what stands there instead.
    corrections = models.BinaryField(null=True)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    #: When it was last worked on: what its files are kept from.
    changed_at = models.DateTimeField(db_index=True)
    #: When its files were deleted.
    forgotten_at = models.DateTimeField(null=True)
    #: The job that takes back what it brought in, and when it was done.
    undo_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True)
    #: What undoing it left alone, as somebody had worked on it: kind, code and why.
    kept = models.JSONField(default=list)


class Search(models.Model):
    """A search for contacts (查找密接) around cases of one outbreak: what it went by, its job, and what it came to.

    Or around a member of a positive pool, made before it is known whether that member is the one (预排密接): ready until then.
    """

    code = models.CharField(max_length=10, unique=True)
    #: None where a pool belonged to none; then it is that of the case.
    outbreak = models.ForeignKey(Outbreak, null=True, on_delete=models.PROTECT, related_name="+")
    member = models.OneToOneField("laboratory.Member", null=True, on_delete=models.PROTECT, related_name="+")
    #: Of a member's: when the own test was positive, so that whom it found is proposed. Until then nobody is told of them.
    proposed_at = models.DateTimeField(null=True)
    #: The jurisdiction that holds all its cases: whoever investigates there sees the whole of it.
    area = models.CharField(max_length=18)
    cases = models.ManyToManyField(Case, related_name="+")
    #: Edition by which it judges.
    pack = models.CharField(max_length=60)
    #: Minutes together that count: around a case, and around a contact.
    tau = models.FloatField()
    onward = models.FloatField()
    rings = models.SmallIntegerField()
    #: Hours within which the overlaps of two people add up; none: each must be long enough by itself.
    within = models.FloatField(null=True)
    #: A place with more visits a day makes a notice, not contacts.
    crowd = models.IntegerField()
    why = models.CharField(max_length=300)
    owner = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    #: How many the trace returned, how many more only a notice can reach, cases without stays, questions that are open …
    counts = models.JSONField(default=dict)
    #: Crowded places: place, from, to, about how many people.
    notices = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["area", "-id"], name="search_area")]


class Candidate(models.Model):
    """Somebody whom a search returned: proposed as a contact, or why not. A person decides, once."""

    PROPOSED, CONFIRMED, STRUCK = "proposed", "confirmed", "struck"
    #: Would be proposed if the member of a pool were the one: to be deleted if not.
    READY = "ready"
    #: Is under watch already; is a case; nothing new since an earlier search; a key that is no person's.
    WATCHED, CASE, EARLIER, UNKNOWN = "watched", "case", "earlier", "unknown"

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="candidates", db_index=False)
    #: The pseudonym in the lake; of whoever was found otherwise the person's id, negative.
    key = models.BigIntegerField()
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    #: Whose it is to decide: where the person lives.
    area = models.CharField(max_length=18)
    ring = models.SmallIntegerField()
    state = models.CharField(max_length=9)
    #: Place in the order of calling, 1 first; the risk behind it, and its parts.
    rank = models.IntegerField()
    #: None where the pack has no numbers for it; longer is first then.
    risk = models.FloatField(null=True)
    grounds = models.JSONField(default=list)
    category = models.CharField(max_length=20, blank=True)
    basis = models.CharField(max_length=120, blank=True)
    #: Facts that nobody has asked yet and that could make it a contact, or a stricter one.
    missing = models.JSONField(default=list)
    minutes = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    #: Times together, for each person met and place: see `finds.Meeting`.
    meetings = models.JSONField(default=list)
    #: The case or the contact that this person is, as far as known when the search was made, or made by confirming.
    case = models.ForeignKey(Case, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["search", "key"], name="candidate_once")]
        indexes = [
            models.Index(fields=["search", "rank"], name="candidate_rank"),
            models.Index(fields=["person", "state"], name="candidate_person"),
            models.Index(fields=["area", "state", "-id"], name="candidate_area"),
        ]
