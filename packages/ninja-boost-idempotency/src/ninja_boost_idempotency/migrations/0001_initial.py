from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("fingerprint", models.CharField(max_length=64)),
                ("token", models.CharField(max_length=32)),
                ("lease_until", models.BigIntegerField()),
                ("expires_at", models.BigIntegerField(db_index=True)),
                ("result", models.BinaryField(null=True)),
            ],
            options={
                "verbose_name": "idempotency key",
                "verbose_name_plural": "idempotency keys",
                "default_permissions": (),
            },
        ),
    ]
