from __future__ import annotations

import uuid

from django.db import models


class Country(models.Model):
    name = models.CharField(max_length=40)
    code = models.CharField(max_length=2, unique=True)

    class Meta:
        app_label = "tests"


class Entry(models.Model):
    """One column of each kind that a cursor carries, nullable where it is interesting."""

    created = models.DateTimeField()
    rank = models.IntegerField()
    score = models.IntegerField(null=True)
    name = models.CharField(max_length=20, null=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    ratio = models.FloatField(null=True)
    day = models.DateField(null=True)
    active = models.BooleanField(null=True)
    token = models.UUIDField(default=uuid.uuid4)
    span = models.DurationField(null=True)
    country = models.ForeignKey(Country, models.CASCADE, null=True, related_name="entries")

    class Meta:
        app_label = "tests"
        indexes = (
            models.Index(fields=["rank", "id"], name="entry_rank"),
            models.Index(fields=["score", "id"], name="entry_score"),
        )


class Named(models.Model):
    """Its primary key is a UUID and it has an ordering of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "tests"
        ordering = ("name",)


class Special(Named):
    """Inherits its primary key from another table."""

    extra = models.IntegerField(default=0)

    class Meta:
        app_label = "tests"
        ordering = ()


class Pair(models.Model):
    """Has a primary key of two columns."""

    pk = models.CompositePrimaryKey("left", "right")
    left = models.IntegerField()
    right = models.IntegerField()
    label = models.CharField(max_length=10)

    class Meta:
        app_label = "tests"


class Tag(models.Model):
    entries = models.ManyToManyField(Entry, related_name="tags")
    label = models.CharField(max_length=10)

    class Meta:
        app_label = "tests"


class Item(models.Model):
    """For the examples of README.md, as is Post."""

    name = models.CharField(max_length=40)
    active = models.BooleanField(default=True)

    class Meta:
        app_label = "tests"


class Post(models.Model):
    title = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "tests"
        indexes = (models.Index(fields=["-created_at", "-id"], name="post_newest"),)
