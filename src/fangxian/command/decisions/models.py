"""The tables of questions (决策问题), of the runs made for them, and of what was decided. Private to the stage."""

from django.db import models

from fangxian.cases.models import Outbreak
from fangxian.core.models import Account, Job


class Question(models.Model):
    """What was asked from the situation of a place, and its answer once there is one."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=120)
    area = models.CharField(max_length=18, blank=True)
    outbreak = models.ForeignKey(Outbreak, null=True, on_delete=models.PROTECT, related_name="+")
    #: The question as `analytics.deciding` reads it.
    asked = models.JSONField()
    #: Day 0 of the simulation: the day on which it was asked.
    begins_on = models.DateField()
    owner = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    owner_name = models.CharField(max_length=80)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    answer = models.JSONField(null=True)
    #: Why there is no answer, in both languages: a limit that nobody keeps.
    fault = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["area", "-id"], name="question_area")]


class Batch(models.Model):
    """Runs that were made for a question, kept until it is answered: a search that was ended goes on from there."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="batches")
    #: Trial, seed, figures.
    runs = models.JSONField()


class Playback(models.Model):
    """One run of a policy of an answer, by township, building and day: what its page plays."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="playbacks")
    #: Place of the policy in the answer.
    policy = models.IntegerField()
    told = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "policy"], name="playback_once")]


class Decision(models.Model):
    """What was decided on a question, by whom, on which figures. It is never changed; a later one takes its place."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="decisions")
    #: Place of the policy in the grid of the question, and whether the answer recommended it.
    policy = models.IntegerField()
    is_recommended = models.BooleanField()
    why = models.CharField(max_length=1000)
    by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=80)
    at = models.DateTimeField()
    #: SHA-256 over the question, its answer, the policy and the reason: what the signature covers.
    digest = models.CharField(max_length=64)
