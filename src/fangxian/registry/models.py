"""Who and where: jurisdictions down to the building, organisations, people, households, places, appointments. Private."""

from django.db import models

from fangxian.core.models import Account
from fangxian.registry.languages import said


class Jurisdiction(models.Model):
    """A piece of the tree province → city → county → township → village → grid → building (行政区划、网格、楼栋).

    The code is the path: a child's code begins with its parent's (GB/T 2260 to the county, then 3 digits a level). A code that
    was abolished stays, with the date and its successor, so that old records keep meaning what they meant.
    """

    code = models.CharField(max_length=18, primary_key=True)
    level = models.CharField(max_length=10)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    population = models.IntegerField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    #: Its border as a GeoJSON Polygon or MultiPolygon (WGS 84), where it is known.
    outline = models.JSONField(null=True, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    successor = models.CharField(max_length=18, blank=True)

    def __str__(self) -> str:
        return f"{self.code} {self.name_zh}"


class Organisation(models.Model):
    """A body that holds duties: headquarters (指挥部), CDC, hospital, clinic, laboratory, community, school …"""

    code = models.CharField(max_length=10, unique=True)
    kind = models.CharField(max_length=20)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    area = models.CharField(max_length=18, db_index=True)
    phone = models.CharField(max_length=30, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["area"], condition=models.Q(kind="headquarters"), name="one_headquarters")
        ]
        indexes = [models.Index(fields=["kind", "area", "id"], name="organisation_kind")]

    def __str__(self) -> str:
        return self.name_zh


class Household(models.Model):
    """People who live behind one door (户)."""

    code = models.CharField(max_length=10, unique=True)
    area = models.CharField(max_length=18, db_index=True)
    address = models.CharField(max_length=200, blank=True)
    head = models.ForeignKey("Person", null=True, blank=True, on_delete=models.SET_NULL, related_name="heads")
    #: The building behind whose door it is, where that is known.
    building = models.ForeignKey("Place", null=True, blank=True, on_delete=models.PROTECT, related_name="households")


class Person(models.Model):
    """A human being, once.

    A duplicate keeps everything it has; it only points: `merged_into` is the record it was found to be the same as, and
    `canonical` the root of that tree (null for the root itself). So taking a merge back is taking one pointer away.
    """

    code = models.CharField(max_length=10, unique=True)
    canonical = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged_here", db_index=False
    )
    name = models.CharField(max_length=120)
    name_latin = models.CharField(max_length=160, blank=True)
    #: How the name is read, small letters without blanks: what a search by pinyin goes through.
    pinyin = models.CharField(max_length=160, blank=True)
    #: male, female, or empty where it is not known
    sex = models.CharField(max_length=6, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    birth_year = models.SmallIntegerField(null=True, blank=True)
    nationality = models.CharField(max_length=3, blank=True)
    area = models.CharField(max_length=18)
    address = models.CharField(max_length=200, blank=True)
    occupation = models.CharField(max_length=80, blank=True)
    household = models.ForeignKey(Household, null=True, blank=True, on_delete=models.SET_NULL, related_name="members")
    created_at = models.DateTimeField()
    version = models.IntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["area", "id"], name="person_area"),
            models.Index(fields=["name", "id"], name="person_name"),
            models.Index(fields=["pinyin", "id"], name="person_pinyin"),
        ]


class Document(models.Model):
    """An identity document: the number sealed, found by its blind index.

    One number is one person's, whatever else is said of the two: a second registration finds the first. Only passports of
    different countries may share a number.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=30)
    number_sealed = models.BinaryField()
    number_index = models.CharField(max_length=32)
    #: What is shown of it, so that a list opens nothing.
    masked = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number_index"],
                condition=~models.Q(kind__in=["foreign_passport", "other"]),
                name="document_once",
            )
        ]
        indexes = [models.Index(fields=["number_index"], name="document_number")]


class Phone(models.Model):
    """A telephone number of a person (E.164), sealed like a document. Families share them, so many may have the same."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="phones")
    number_sealed = models.BinaryField()
    number_index = models.CharField(max_length=32)
    masked = models.CharField(max_length=20)

    class Meta:
        indexes = [models.Index(fields=["number_index"], name="phone_number")]


class LakeKey(models.Model):
    """What the lake calls a person: a random number of 32 bits that leads back to them through this row alone.

    When it is deleted, whatever the lake still had under the number is nobody's.
    """

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="lake_key")
    key = models.BigIntegerField(unique=True)


class Alias(models.Model):
    """Another name of the same person."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=160)


class MatchKey(models.Model):
    """A blocking key of a person, as a 64-bit hash: how candidates for being the same are found among a million."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="match_keys")
    key = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["key", "person"], name="match_key")]


class Match(models.Model):
    """Two records that may be one person: waiting for a person to say, merged, or said to be different."""

    WAITING, MERGED, DIFFERENT = "waiting", "merged", "different"

    first = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    probability = models.FloatField()
    explanation = models.JSONField(default=list)
    state = models.CharField(max_length=10, default=WAITING)
    area = models.CharField(max_length=18)
    decided_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    #: Sealed: what the record that was gone on with said before it took fields of the other, and its version since.
    before = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="match_once"),
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="match_in_order"),
        ]
        indexes = [models.Index(fields=["state", "area"], name="match_waiting")]


class Place(models.Model):
    """Where people meet or live: a shop, a ward, a carriage, a class room; a building (楼栋) in its compound (小区), a street."""

    code = models.CharField(max_length=10, unique=True)
    kind = models.CharField(max_length=20)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    area = models.CharField(max_length=18, db_index=True)
    address = models.CharField(max_length=200, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    #: H3 cell at resolution 9 (about 0.1 km²), as the library writes it.
    cell = models.CharField(max_length=16, blank=True, db_index=True)
    #: What it is a part of: a building of its compound, a shop of its street.
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts")
    #: Its ground plan as a GeoJSON Polygon or MultiPolygon (WGS 84), where it is known.
    outline = models.JSONField(null=True, blank=True)
    capacity = models.IntegerField(null=True, blank=True)
    indoor = models.BooleanField(null=True)

    @property
    def name(self) -> str:
        """In the reader's language."""
        return said(self.name_zh, self.name_en)


class Appointment(models.Model):
    """A post held by a person for an organisation in a jurisdiction: what "every duty has a name on it" rests on (责任到人).

    `role` is one of `vocabulary.post_names()`: a role of `core.roles`, a party that packs give steps to, or a post of the
    four levels or the grid. `household` contracts a post down to the door (包户).
    """

    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="appointments")
    name = models.CharField(max_length=80)
    phone = models.CharField(max_length=30, blank=True)
    role = models.CharField(max_length=30)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="appointments")
    area = models.CharField(max_length=18)
    household = models.ForeignKey(Household, null=True, blank=True, on_delete=models.CASCADE)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["role", "area"], name="appointment_role_area")]


class SavedView(models.Model):
    """A way of looking at a list that has a name: what it is narrowed to, which columns, in which order.

    It belongs to whoever saved it; with an `organisation` everybody who works there may look through it.
    """

    owner = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="views")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    #: Which list: cases, contacts.
    page = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    #: Name of a filter → its value.
    filter = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    order = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "page", "name"], name="view_once")]


class Layout(models.Model):
    """What an account keeps of a list: the columns it chose, and the view that the list opens with."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    page = models.CharField(max_length=20)
    columns = models.JSONField(default=list)
    view = models.ForeignKey(SavedView, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "page"], name="layout_once")]
