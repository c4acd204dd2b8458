import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="RefreshFamily",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("user", models.CharField(db_index=True, max_length=255)),
                (
                    "claims",
                    models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder),
                ),
                ("created_at", models.FloatField()),
                ("used_at", models.FloatField()),
                ("expires_at", models.FloatField(db_index=True)),
                ("revoked_at", models.FloatField(null=True)),
            ],
            options={
                "verbose_name": "family of refresh tokens",
                "verbose_name_plural": "families of refresh tokens",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Revocation",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("issued_before", models.FloatField(null=True)),
                ("expires_at", models.FloatField(db_index=True, null=True)),
            ],
            options={
                "verbose_name": "revocation",
                "verbose_name_plural": "revocations",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="RefreshToken",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("created_at", models.FloatField()),
                ("expires_at", models.FloatField(db_index=True)),
                ("rotated_at", models.FloatField(null=True)),
                (
                    "family",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to="ninja_boost_jwt.refreshfamily",
                    ),
                ),
            ],
            options={
                "verbose_name": "refresh token",
                "verbose_name_plural": "refresh tokens",
                "default_permissions": (),
            },
        ),
    ]
