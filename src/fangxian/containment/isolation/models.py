"""The tables of isolation (集中隔离、居家隔离): sites with their rooms, people on their way through them, trips. Private to the stage."""

from django.db import models

from fangxian.core.models import Account
from fangxian.registry.models import Organisation, Person, Place


class Site(models.Model):
    """An isolation site (集中隔离点), run by one organisation."""

    code = models.CharField(max_length=10, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=18)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=200, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    #: Hours until it can take people in, counted from the order to open; 0: it takes them in now.
    ready_in = models.SmallIntegerField(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["area", "id"], name="isolation_site_area")]


class Passage(models.Model):
    """A way in and out (两通道): of the staff, or of the people who are isolated; never of both."""

    STAFF, ISOLATED = "staff", "isolated"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="passages")
    kind = models.CharField(max_length=8)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "name_zh"], name="passage_once")]


class Floor(models.Model):
    """A floor of a building, wholly in one of the three zones (三区). One of observation has a class while it is in use."""

    OBSERVATION, LIVING, SUPPLIES = "observation", "living", "supplies"

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="floors")
    building = models.CharField(max_length=40)
    level = models.SmallIntegerField()
    zone = models.CharField(max_length=11)
    passage = models.ForeignKey(Passage, on_delete=models.PROTECT, related_name="floors")
    #: The class of people it is for, and the pack whose class that is; empty while it is for nobody.
    cls = models.CharField(max_length=20, blank=True)
    pack = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "building", "level"], name="floor_once")]


class Room(models.Model):
    """A room. After somebody left it is cleaned before anybody is put there."""

    READY, CLEANING, OUT = "ready", "cleaning", "out"

    floor = models.ForeignKey(Floor, on_delete=models.CASCADE, related_name="rooms")
    number = models.CharField(max_length=12)
    beds = models.SmallIntegerField(default=1)
    state = models.CharField(max_length=8, default=READY)
    #: Why it is out of use.
    why = models.CharField(max_length=200, blank=True)
    #: Special needs that it suits.
    suits = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["floor", "number"], name="room_once")]


class Vehicle(models.Model):
    """A vehicle of a transfer team (转运车辆)."""

    code = models.CharField(max_length=10, unique=True)
    plate = models.CharField(max_length=20)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=18)
    seats = models.SmallIntegerField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plate"], condition=models.Q(retired_at__isnull=True), name="plate_once"),
            models.CheckConstraint(condition=models.Q(seats__gte=1), name="vehicle_has_seats"),
        ]
        indexes = [models.Index(fields=["area", "id"], name="vehicle_area")]


class Trip(models.Model):
    """A vehicle with its crew on its way to one site, with people of one class."""

    PLANNED, UNDER_WAY, DONE, CANCELLED = "planned", "under_way", "done", "cancelled"

    code = models.CharField(max_length=10, unique=True)
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="trips")
    driver = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    driver_name = models.CharField(max_length=80)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="trips")
    area = models.CharField(max_length=18)
    cls = models.CharField(max_length=20)
    pack = models.CharField(max_length=60)
    state = models.CharField(max_length=9, default=PLANNED)
    leaves_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: When the vehicle had been cleaned after it (终末消毒).
    cleaned_at = models.DateTimeField(null=True)
    cleaned_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["vehicle"], condition=models.Q(state="under_way"), name="one_trip_of_a_vehicle_at_a_time"
            )
        ]
        indexes = [
            models.Index(fields=["area", "-id"], name="trip_area"),
            models.Index(fields=["vehicle", "-id"], name="trip_vehicle"),
        ]


class Placement(models.Model):
    """One person on the way through isolation (应隔尽隔): at exactly one link of the loop at any moment, until it is closed."""

    TOLD, ABOARD, ARRIVED, HOUSED, HOME, CLOSED = "told", "aboard", "arrived", "housed", "home", "closed"
    #: Those in which somebody is on the way, which must not last.
    PASSING = (ABOARD, ARRIVED)

    code = models.CharField(max_length=10, unique=True)
    #: Whose duties these are: contact, case, or traveller (then it is this row itself).
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    subject_code = models.CharField(max_length=10)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    pack = models.CharField(max_length=60)
    #: Where the person lives: whose grid sends, and takes back.
    area = models.CharField(max_length=18)
    cls = models.CharField(max_length=20)
    link = models.CharField(max_length=8)
    since = models.DateTimeField()
    #: Special needs (特殊人群), each a word of `words.NEEDS`.
    needs = models.JSONField(default=list)
    #: Of a minor: who looks after them, in words.
    guardian = models.CharField(max_length=120, blank=True)
    #: Shared by those of whom it was decided that they stay together.
    party = models.CharField(max_length=10, blank=True)
    arrived_at = models.DateTimeField(null=True)
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="placements")
    #: Kept for the person, then taken by them; none any more once they have left.
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="placements")
    trip = models.ForeignKey(Trip, null=True, on_delete=models.PROTECT, related_name="passengers")
    #: By when the person must be on the site.
    deadline = models.DateTimeField(null=True)
    #: Who rides first where the deadlines are alike: larger is sooner.
    risk = models.SmallIntegerField(default=0)
    #: Since when, and until when at the latest, somebody is between two links; none while they are at rest.
    passing_since = models.DateTimeField(null=True)
    passing_until = models.DateTimeField(null=True)
    #: When the person must have been let go (from the site, then from home), by the rule or a decision.
    leave_at = models.DateTimeField(null=True)
    extended_until = models.DateTimeField(null=True)
    #: A decision lets the person go before the rule does.
    early = models.BooleanField(default=False)
    outcome = models.CharField(max_length=20, blank=True)
    begun_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(closed_at__isnull=True), name="one_open_placement_a_person"
            ),
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"], condition=models.Q(closed_at__isnull=True),
                name="one_open_placement_a_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(link="closed", closed_at__isnull=False) | (~models.Q(link="closed") & models.Q(closed_at__isnull=True)),
                name="closed_is_a_link",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["area", "link", "-id"], name="placement_area"),
            models.Index(fields=["site", "link", "-id"], name="placement_site"),
            models.Index(
                fields=["passing_until"], name="placement_passing", condition=models.Q(passing_until__isnull=False)
            ),
            models.Index(
                fields=["leave_at"], name="placement_leave",
                condition=models.Q(leave_at__isnull=False, closed_at__isnull=True),
            ),
        ]  # fmt: skip


class HandOver(models.Model):
    """The step from one link to the next (交接): who gives and who takes, by name; done when both have said so."""

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="hand_overs")
    from_link = models.CharField(max_length=8)
    to_link = models.CharField(max_length=8)
    arranged_at = models.DateTimeField()
    sender = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    sender_name = models.CharField(max_length=120)
    receiver = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    receiver_name = models.CharField(max_length=120)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    sent_by_name = models.CharField(max_length=80, blank=True)
    received_at = models.DateTimeField(null=True)
    received_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    received_by_name = models.CharField(max_length=80, blank=True)
    #: Both have confirmed, or it was called off.
    ended_at = models.DateTimeField(null=True)
    called_off = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["placement"], condition=models.Q(ended_at__isnull=True), name="one_open_hand_over"
            )
        ]


class Use(models.Model):
    """That a passage was used: by somebody of which class, when. What decides who may use it next."""

    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="uses", db_index=False)
    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="+")
    cls = models.CharField(max_length=20)
    pack = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["passage", "at"], name="passage_used")]


class Check(models.Model):
    """One look at a person in isolation (每日健康监测): temperature, symptoms, mood, medicine."""

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="checks", db_index=False)
    at = models.DateTimeField()
    temperature = models.FloatField()
    symptoms = models.CharField(max_length=4)
    mood = models.CharField(max_length=8, blank=True)
    medicine = models.CharField(max_length=8, blank=True)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)

    class Meta:
        indexes = [models.Index(fields=["placement", "at"], name="check_placement")]


class Decision(models.Model):
    """What a person decided about somebody's isolation, with the reason, and what the person concerned says to it."""

    EXTEND, EARLY, TOGETHER, APART = "extend", "early", "together", "apart"
    #: What the rule itself decided, written down when somebody disputes it: that there is an isolation, and when it ends.
    ISOLATE, DATE = "isolate", "date"

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="decisions")
    kind = models.CharField(max_length=8)
    reason = models.CharField(max_length=300)
    basis = models.CharField(max_length=120, blank=True)
    until = models.DateTimeField(null=True)
    other = models.ForeignKey(Placement, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)
    disputed_at = models.DateTimeField(null=True)
    disputed_by = models.CharField(max_length=80, blank=True)
    dispute = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=80, blank=True)
    answered_by_account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    answer = models.CharField(max_length=500, blank=True)
    upheld = models.BooleanField(null=True)


class Errand(models.Model):
    """Something that somebody in isolation needs brought, or has to go out for (上门服务、外出就医)."""

    DELIVERY, MEDICAL, OTHER = "delivery", "medical", "other"

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="errands")
    kind = models.CharField(max_length=8)
    what = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="errand_due", condition=models.Q(done_at__isnull=True)),
        ]


class Letter(models.Model):
    """What somebody in isolation was handed (隔离告知书): a code by which they see their own isolation and may dispute it.

    Kept is a digest of the code. Another letter ends the one before.
    """

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="letters")
    digest = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["placement"], condition=models.Q(ended_at__isnull=True), name="one_letter")
        ]


class WrongCode(models.Model):
    """A code that was tried and is none, from which address (a keyed digest of it): forgotten within the hour."""

    address = models.CharField(max_length=32)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["address", "at"], name="wrong_code_address")]


class NeighbourNotice(models.Model):
    """What the people of a building are told of home isolation in it (邻里告知): no person, no door, no number of people.

    `place` is the building, or its compound where the building has so few homes that it would point at one; neither, where it is
    for the whole community (`area`).
    """

    code = models.CharField(max_length=10, unique=True)
    area = models.CharField(max_length=18)
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    #: Words of `words.MEASURES`.
    measures = models.JSONField(default=list)
    office_zh = models.CharField(max_length=120)
    office_en = models.CharField(max_length=120)
    phone = models.CharField(max_length=30)
    basis = models.CharField(max_length=120, blank=True)
    issued_at = models.DateTimeField()
    by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=300, blank=True)
    #: Because of whom: never shown with it. It ends when none of them is at home any more.
    placements = models.ManyToManyField(Placement, related_name="notices")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["place"], condition=models.Q(withdrawn_at__isnull=True, place__isnull=False), name="one_notice_a_place"
            ),
            models.UniqueConstraint(
                fields=["area"], condition=models.Q(withdrawn_at__isnull=True, place__isnull=True), name="one_notice_a_community"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["area", "-id"], name="neighbour_notice_area")]
