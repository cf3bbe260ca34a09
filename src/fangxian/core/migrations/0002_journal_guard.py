from django.db import migrations

from fangxian.core import journal


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: journal.guard(editor.connection),
            lambda apps, editor: journal.unguard(editor.connection),
        )
    ]
