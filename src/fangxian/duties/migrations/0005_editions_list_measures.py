"""Editions kept before zones listed their measures are read as they were meant: one measure, all that was said."""

import json

from django.db import migrations


def listed(apps, schema_editor):
    editions = apps.get_model("duties", "PackVersion")
    for edition in editions.objects.all():
        content = json.loads(edition.content)
        levels = ((content.get("zones") or {}).get("levels") or {}).values()
        said = [level for level in levels if set(level.get("measures") or {}) == {"zh", "en"}]
        for level in said:
            level["measures"] = {"all": {"name": level["measures"]}}
        if said:
            editions.objects.filter(pk=edition.pk).update(content=json.dumps(content, ensure_ascii=False))


class Migration(migrations.Migration):
    dependencies = [("duties", "0004_step_post")]

    operations = [migrations.RunPython(listed, migrations.RunPython.noop)]
