"""Models to read rows of."""

import uuid

from django.db import models


class Company(models.Model):
    name = models.CharField(max_length=40)

    class Meta:
        app_label = "tests"


class Plane(models.Model):
    company = models.ForeignKey(Company, models.CASCADE)
    second = models.ForeignKey(Company, models.CASCADE, null=True, related_name="+")
    loose = models.ForeignKey(
        Company, models.CASCADE, db_constraint=False, null=True, related_name="+"
    )
    name = models.CharField(max_length=40)
    seats = models.IntegerField(default=0)
    price = models.DecimalField(max_digits=9, decimal_places=2, default=0)
    code = models.UUIDField(default=uuid.uuid4)
    built = models.DateTimeField(null=True)
    picture = models.FileField(default="", blank=True)
    data = models.JSONField(default=dict)
    kind = models.CharField(max_length=1, choices=[("a", "A kind")], default="a")

    class Meta:
        app_label = "tests"

    @property
    def shout(self):
        return self.name.upper()


class Jet(Plane):
    engines = models.IntegerField(default=2)

    class Meta:
        app_label = "tests"


class Small(Plane):
    class Meta:
        app_label = "tests"
        proxy = True


class Flight(models.Model):
    plane = models.ForeignKey(Plane, models.CASCADE)
    number = models.CharField(max_length=10)

    class Meta:
        app_label = "tests"
        ordering = ("number",)


class Watched(models.Model):
    name = models.CharField(max_length=40)

    class Meta:
        app_label = "tests"

    @classmethod
    def from_db(cls, db, field_names, values):
        instance = super().from_db(db, field_names, values)
        instance.name = "from_db"
        return instance
