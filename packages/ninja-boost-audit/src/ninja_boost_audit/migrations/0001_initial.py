from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(max_length=48)),
                ("sequence", models.BigIntegerField()),
                ("timestamp", models.DateTimeField(db_index=True)),
                ("actor_id", models.CharField(db_index=True, max_length=255, null=True, verbose_name="actor")),
                ("action", models.CharField(max_length=255)),
                ("resource", models.CharField(max_length=255, null=True)),
                ("resource_id", models.CharField(max_length=255, null=True, verbose_name="resource id")),
                ("outcome", models.CharField(choices=[("success", "success"), ("denied", "denied"), ("failure", "failure"), ("error", "error")], max_length=16)),
                ("status", models.SmallIntegerField(null=True)),
                ("ip", models.CharField(max_length=64, null=True, verbose_name="IP address")),
                ("trace_id", models.CharField(max_length=255, null=True, verbose_name="trace id")),
                ("details", models.TextField()),
                ("previous", models.CharField(max_length=64, verbose_name="previous MAC")),
                ("key_id", models.CharField(max_length=32, verbose_name="key id")),
                ("mac", models.CharField(max_length=64, verbose_name="MAC")),
            ],
            options={
                "verbose_name": "audit record",
                "default_permissions": ("view",),
                "constraints": [models.UniqueConstraint(fields=["stream", "sequence"], name="ninja_boost_audit_sequence")],
                "indexes": [models.Index(fields=["resource", "resource_id"], name="ninja_boost_audit_resource")],
            },
        ),
        migrations.CreateModel(
            name="AuditStream",
            fields=[
                ("name", models.CharField(max_length=48, primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField()),
                ("mac", models.CharField(max_length=64)),
                ("key_id", models.CharField(max_length=32)),
                ("seal", models.CharField(max_length=64)),
            ],
            options={"verbose_name": "audit stream", "default_permissions": ()},
        ),
        migrations.CreateModel(
            name="AuditSegment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(max_length=48)),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("previous", models.CharField(max_length=64)),
                ("last_mac", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
                ("purged_at", models.DateTimeField(null=True)),
                ("key_id", models.CharField(max_length=32)),
                ("mac", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "audit segment",
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=["stream", "first"], name="ninja_boost_audit_segment")],
            },
        ),
    ]
