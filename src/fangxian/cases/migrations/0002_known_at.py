"""When a judgement was entered, and the history of outcomes: what lets a day's numbers be told again as they were known then."""

from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
from django.db.models.deletion import CASCADE
from django.db.models.functions import Greatest, Now


def tell(apps, schema_editor):
    Case, Judgement, Ending = (apps.get_model("cases", name) for name in ("Case", "Judgement", "Ending"))
    entered = Case.objects.filter(pk=OuterRef("case_id")).values("created_at")[:1]
    Judgement.objects.update(known_at=Greatest(F("at"), Subquery(entered)))
    ended = Case.objects.exclude(outcome="").values_list("pk", "outcome", "outcome_on", "reported_at", "created_at")
    rows = []
    for pk, outcome, day, reported, created in ended.iterator():
        noon = reported.replace(year=day.year, month=day.month, day=day.day, hour=4, minute=0) if day else reported
        at = max(reported, noon)
        rows.append(Ending(case_id=pk, outcome=outcome, at=at, known_at=max(at, created)))
    Ending.objects.bulk_create(rows, batch_size=2000)


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]

    operations = [
        migrations.AddField("judgement", "known_at", models.DateTimeField(db_default=Now())),
        migrations.CreateModel(
            name="Ending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outcome", models.CharField(blank=True, max_length=12)),
                ("at", models.DateTimeField()),
                ("known_at", models.DateTimeField()),
                ("case", models.ForeignKey(on_delete=CASCADE, related_name="endings", to="cases.case")),
            ],
        ),
        migrations.RunPython(tell, migrations.RunPython.noop),
        migrations.AddIndex("judgement", models.Index(fields=["known_at"], name="judgement_known")),
        migrations.AddIndex("ending", models.Index(fields=["known_at"], name="ending_known")),
    ]
