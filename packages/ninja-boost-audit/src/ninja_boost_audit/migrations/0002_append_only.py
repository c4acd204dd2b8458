from typing import Any

from django.db import migrations

from ninja_boost_audit import append_only


def install(apps: Any, schema_editor: Any) -> None:
    # Tests truncate the tables to clear them.
    if not append_only.is_test_database(schema_editor.connection):
        append_only.install(schema_editor.connection)


def remove(apps: Any, schema_editor: Any) -> None:
    append_only.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("ninja_boost_audit", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
