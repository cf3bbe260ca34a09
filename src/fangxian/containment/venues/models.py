"""The table of venue notices (涉疫场所提示). Private to the stage.

A notice names a place and a time, nothing else: no case, no person, and no order in which one person might have gone from
one place to the next.
"""

from django.db import models


class VenueNotice(models.Model):
    """A place where somebody infectious was, and when: told to whoever else was there. Never changed; it expires or is withdrawn."""

    code = models.CharField(max_length=10, unique=True)
    outbreak = models.ForeignKey("cases.Outbreak", on_delete=models.PROTECT, related_name="+", db_index=False)
    area = models.CharField(max_length=18)
    place = models.ForeignKey("registry.Place", null=True, on_delete=models.PROTECT, related_name="+")
    #: A kind of place of the registry's vocabulary, never a home.
    kind = models.CharField(max_length=20)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    #: Whole half hours, rounded outwards.
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    advice_zh = models.CharField(max_length=300)
    advice_en = models.CharField(max_length=300)
    #: The pack whose value sets the longest time it is shown, with version and clause.
    basis = models.CharField(max_length=120, blank=True)
    published_at = models.DateTimeField()
    expires_on = models.DateField()
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["expires_on", "area"], name="venue_shown"),
            models.Index(fields=["area", "-id"], name="venue_area"),
        ]
        constraints = [models.CheckConstraint(condition=models.Q(from_at__lt=models.F("to_at")), name="venue_in_order")]
