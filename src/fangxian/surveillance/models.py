"""Tables of sources, what they report, the signals in it and the alerts that come of them (监测预警). Private to the stage."""

from django.db import models
from django.db.models import Q

from fangxian.registry.models import Organisation, Place


class Source(models.Model):
    """Somebody who reports counts, or where something is measured: a clinic, a school, a treatment plant (监测来源)."""

    code = models.CharField(max_length=10, unique=True)
    #: A kind of `kinds.yaml`.
    kind = models.CharField(max_length=16)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    #: Who answers for its reports.
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=18)
    #: What of its kind it reports (keys of measures), and by which classes or wards.
    measures = models.JSONField(default=list)
    units = models.JSONField(default=list)
    rhythm = models.CharField(max_length=10)
    due = models.TimeField()
    lag = models.SmallIntegerField()
    weekday = models.SmallIntegerField(default=0)
    #: Days without reports, as [first, last] in ISO form: school holidays, repairs.
    closures = models.JSONField(default=list)
    #: The first day of its series, and the first for which a report is owed: it may bring a history with it.
    since = models.DateField()
    owed_from = models.DateField()
    until = models.DateField(null=True, blank=True)
    #: Up to which day what is due has been written down.
    owed_until = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    version = models.IntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["area", "kind", "id"], name="source_area"),
            models.Index(fields=["organisation", "id"], name="source_body"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "organisation", "name_zh"], condition=Q(until__isnull=True), name="source_once"
            )
        ]


class Report(models.Model):
    """What a source has told, or owes, about one day (日报、周报、零报告): complete once every required number is there."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="reports", db_index=False)
    day = models.DateField()
    #: None for history that was owed to nobody.
    due_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    #: Why nothing is owed after all: closed that day.
    excused = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "day"], name="report_once")]
        indexes = [
            models.Index(
                fields=["due_at"], name="report_owed",
                condition=Q(received_at__isnull=True, excused="", due_at__isnull=False),
            ),
        ]  # fmt: skip


class Observation(models.Model):
    """One number. It is never changed: a correction is another version, and the one before ends when it comes (订正留痕)."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="observations", db_index=False)
    measure = models.CharField(max_length=16)
    #: A class or ward; empty for the source as a whole.
    unit = models.CharField(max_length=40, blank=True)
    day = models.DateField()
    value = models.FloatField()
    version = models.SmallIntegerField(default=1)
    known_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    channel = models.CharField(max_length=8)
    by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "day", "measure", "unit"], condition=Q(superseded_at__isnull=True), name="one_value"
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="no_negative_value"),
        ]


class Break(models.Model):
    """From this day on a series means something else: the case definition changed, the catchment, the laboratory (口径变更)."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="breaks")
    measure = models.CharField(max_length=16)
    day = models.DateField()
    note = models.CharField(max_length=300)
    by_name = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "measure", "day"], name="one_break_a_day")]


class Watch(models.Model):
    """A control chart that somebody chose for a series, with how often it may alarm by chance, and what it has learnt (控制图)."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="watches", db_index=False)
    measure = models.CharField(max_length=16)
    method = models.CharField(max_length=16)
    #: A false alarm comes once in so many reports on average.
    run_length = models.IntegerField()
    #: Means by weekday or one; α of the variance μ + α·μ²; the limit that follows.
    usual = models.JSONField()
    dispersion = models.FloatField()
    limit = models.FloatField()
    learnt_from = models.DateField()
    learnt_until = models.DateField()
    by_name = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "measure"], name="one_chart")]


class Untested(models.Model):
    """A fever patient who was not tested, by the clinic's own visit number and no name (应检未检)."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="untested", db_index=False)
    day = models.DateField()
    reference = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    #: What became of it: tested later, or could not be reached.
    settled_at = models.DateTimeField(null=True)
    settled = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "day", "reference"], name="untested_once")]


class Alert(models.Model):
    """What several signals of one place come to, or what somebody heard: judged, verified in the field, ended (预警)."""

    RAISED, VERIFYING, CONFIRMED, DISMISSED = "raised", "verifying", "confirmed", "dismissed"
    OPEN = (RAISED, VERIFYING)

    code = models.CharField(max_length=10, unique=True)
    area = models.CharField(max_length=18)
    #: signals, or rumour for what was heard.
    origin = models.CharField(max_length=8)
    #: blue, yellow, orange, red; the highest it ever had.
    grade = models.CharField(max_length=6)
    #: Posterior probability that there is an outbreak, as weighed last.
    probability = models.FloatField()
    #: How many sources of the place report as usual.
    quiet = models.IntegerField(default=0)
    why_zh = models.TextField()
    why_en = models.TextField()
    pack = models.CharField(max_length=60)
    raised_at = models.DateTimeField()
    state = models.CharField(max_length=10, default=RAISED)
    triaged_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: What was found in the field; by the keys of the form.
    findings = models.JSONField(default=dict)
    #: Why it was dismissed: a label for the weights (`schemas.LABELS`), and in words.
    label = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=600, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["area", "-id"], name="alert_area"),
            models.Index(fields=["state", "area", "-id"], name="alert_state"),
        ]


class AlertNote(models.Model):
    """One line of an alert's history, in the order of time."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField()
    #: raised, regraded, triaged, verified, confirmed, dismissed
    what = models.CharField(max_length=10)
    by_name = models.CharField(max_length=80)
    said_zh = models.TextField(blank=True)
    said_en = models.TextField(blank=True)


class Signal(models.Model):
    """One thing that is not as expected: too many, a threshold reached, a report that is late, a source that fell silent (信号)."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="signals", db_index=False)
    #: excess, chart, threshold, late, silent
    kind = models.CharField(max_length=10)
    measure = models.CharField(max_length=16, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    day = models.DateField()
    area = models.CharField(max_length=18)
    #: Method with its parameters, or the threshold with its clause.
    method = models.CharField(max_length=160)
    observed = models.FloatField(null=True)
    expected = models.FloatField(null=True)
    upperbound = models.FloatField(null=True)
    #: Standard deviations above what was expected; what it adds to the log odds of an outbreak.
    score = models.FloatField(default=0)
    evidence = models.FloatField(default=0)
    at = models.DateTimeField()
    alert = models.ForeignKey(Alert, null=True, on_delete=models.PROTECT, related_name="signals")
    #: Why it counts no more, or is in no alert: weak (too little by itself), corrected (the number was), renewed (fused anew with
    #: what has come since), received (the report came
    #: after all), dismissed or confirmed (judged just now, in an alert of the same).
    reason = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "kind", "measure", "unit", "day"], name="signal_once")]
        indexes = [models.Index(fields=["area", "day"], name="signal_place")]
