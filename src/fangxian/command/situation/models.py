"""The tables of daily reports (疫情日报), of the files made of them, and of pictures of now. Private to the stage."""

from django.db import models

from fangxian.cases.models import Outbreak
from fangxian.core.models import Account


class Sitrep(models.Model):
    """One version of the report of a day: its figures frozen as text, a person's remarks, and who signed it."""

    code = models.CharField(max_length=10, unique=True)
    outbreak = models.ForeignKey(Outbreak, on_delete=models.PROTECT, related_name="+", db_index=False)
    area = models.CharField(max_length=18, blank=True)
    day = models.DateField()
    #: 1, then one more for each correction (订正).
    version = models.SmallIntegerField(default=1)
    #: The figures as canonical JSON: the very text that the signature covers.
    figures = models.TextField()
    remarks_zh = models.TextField(blank=True)
    remarks_en = models.TextField(blank=True)
    #: Why there is this version; empty for the first.
    reason = models.CharField(max_length=300, blank=True)
    is_public = models.BooleanField(default=False)
    drafted_at = models.DateTimeField()
    drafted_by = models.CharField(max_length=80)
    #: Counts the edits of the draft, so that two people do not overwrite each other.
    edition = models.IntegerField(default=1)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    signed_name = models.CharField(max_length=80, blank=True)
    #: SHA-256 of what was signed: figures, remarks, reason and place.
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outbreak", "area", "day", "version"], name="sitrep_version_once"),
            models.UniqueConstraint(
                fields=["outbreak", "area", "day"],
                condition=models.Q(signed_at__isnull=True),
                name="one_draft_a_day",
            ),
        ]
        indexes = [models.Index(fields=["area", "-day", "-version"], name="sitrep_area_day")]


class Produced(models.Model):
    """A file made of a signed report, kept under the digest of its bytes."""

    sitrep = models.ForeignKey(Sitrep, on_delete=models.PROTECT, related_name="files")
    language = models.CharField(max_length=10)
    form = models.CharField(max_length=4)
    digest = models.CharField(max_length=64)
    size = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sitrep", "language", "form"], name="produced_once")]


class Picture(models.Model):
    """How an outbreak stands in a jurisdiction now, as a worker counted it last: one row for each, written over minute by minute."""

    outbreak = models.ForeignKey(Outbreak, on_delete=models.CASCADE, related_name="+", db_index=False)
    area = models.CharField(max_length=18, blank=True)
    day = models.DateField()
    counted_at = models.DateTimeField()
    #: In a drill, the end of the journal when it was counted; otherwise empty.
    mark = models.CharField(max_length=64, blank=True)
    #: The figures as canonical JSON.
    figures = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outbreak", "area"], name="picture_once")]
