"""A relation of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.query import ModelIterable

from ninja_boost_queries import needs


class Visible(models.Manager):
    """Leaves out what is hidden."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(hidden=False)


class Country(models.Model):
    code = models.CharField(max_length=2, unique=True)
    name = models.CharField(max_length=40)

    class Meta:
        app_label = "tests"


class Company(models.Model):
    name = models.CharField(max_length=40)
    country = models.ForeignKey(Country, models.CASCADE, related_name="companies")

    class Meta:
        app_label = "tests"


class Person(models.Model):
    name = models.CharField(max_length=40)
    email = models.CharField(max_length=40, default="")
    company = models.ForeignKey(Company, models.CASCADE, null=True, related_name="people")
    mentor = models.ForeignKey("self", models.CASCADE, null=True, related_name="pupils")
    friends = models.ManyToManyField("self")

    class Meta:
        app_label = "tests"

    @property
    def shouted(self) -> str:
        return self.name.upper()

    @property
    @needs("company__country__name")
    def origin(self) -> str:
        return self.company.country.name if self.company else ""

    def greeting(self) -> str:
        return f"Dear {self.name}"


class Vip(Person):
    class Meta:
        app_label = "tests"
        proxy = True


class Profile(models.Model):
    """Its name in look-ups is not its name as an attribute."""

    person = models.OneToOneField(
        Person, models.CASCADE, related_name="profile", related_query_name="about"
    )
    bio = models.CharField(max_length=40)
    country = models.ForeignKey(Country, models.CASCADE, null=True, related_name="+")

    class Meta:
        app_label = "tests"


class Category(models.Model):
    name = models.CharField(max_length=40)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")

    class Meta:
        app_label = "tests"
        ordering = ("name",)


class Product(models.Model):
    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=40)
    price = models.IntegerField(default=0)
    maker = models.ForeignKey(Company, models.CASCADE, null=True)
    categories = models.ManyToManyField(Category, related_name="products")

    class Meta:
        app_label = "tests"


class Depot(models.Model):
    """Its base manager leaves rows out, so a join gives what an attribute does not."""

    name = models.CharField(max_length=40)
    hidden = models.BooleanField(default=False)
    country = models.ForeignKey(Country, models.CASCADE, null=True)
    objects = models.Manager()
    visible = Visible()

    class Meta:
        app_label = "tests"
        base_manager_name = "visible"


class Order(models.Model):
    number = models.IntegerField()
    note = models.CharField(max_length=40, default="")
    customer = models.ForeignKey(Person, models.CASCADE, related_name="orders")
    labels = models.ManyToManyField("Label", related_name="orders")
    comments = GenericRelation("Comment")

    class Meta:
        app_label = "tests"


class Label(models.Model):
    name = models.CharField(max_length=40)
    owner = models.ForeignKey(Person, models.CASCADE, null=True)

    class Meta:
        app_label = "tests"


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.CASCADE, to_field="code")
    depot = models.ForeignKey(Depot, models.CASCADE, null=True)
    quantity = models.IntegerField(default=1)
    hidden = models.BooleanField(default=False)
    objects = Visible()

    class Meta:
        app_label = "tests"
        ordering = ("id",)


class Seat(models.Model):
    """Has a primary key of two columns."""

    pk = models.CompositePrimaryKey("order_id", "number")
    order = models.ForeignKey(Order, models.CASCADE, related_name="seats")
    number = models.IntegerField()
    taken_by = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+")

    class Meta:
        app_label = "tests"


class Comment(models.Model):
    text = models.CharField(max_length=40)
    author = models.ForeignKey(Person, models.CASCADE, null=True)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.BigIntegerField()
    target = GenericForeignKey()

    class Meta:
        app_label = "tests"


class Place(models.Model):
    name = models.CharField(max_length=40)
    owner = models.ForeignKey(Person, models.CASCADE, null=True, related_name="places")

    class Meta:
        app_label = "tests"


class Restaurant(Place):
    stars = models.IntegerField(default=0)
    chef = models.ForeignKey(Person, models.CASCADE, null=True, related_name="kitchens")

    class Meta:
        app_label = "tests"


class Bar(Place):
    open_late = models.BooleanField(default=False)

    class Meta:
        app_label = "tests"


class WithTracks(models.Manager):
    """Prefetches by itself, the last track first."""

    def get_queryset(self) -> models.QuerySet[Any]:
        tracks = models.Prefetch("tracks", Track.objects.order_by("-id"))
        return super().get_queryset().prefetch_related(tracks)


class Album(models.Model):
    label = models.ForeignKey(Label, models.CASCADE, related_name="albums")
    objects = WithTracks()

    class Meta:
        app_label = "tests"


class Track(models.Model):
    album = models.ForeignKey(Album, models.CASCADE, related_name="tracks")
    composer = models.ForeignKey(Person, models.CASCADE)

    class Meta:
        app_label = "tests"


class Stamped(ModelIterable):
    """Gives instances that a library makes in its own way."""

    def __iter__(self) -> Iterator[Any]:
        for each in super().__iter__():
            each.stamp = f"#{each.pk}"
            yield each


class Stamping(models.Manager):
    def get_queryset(self) -> models.QuerySet[Any]:
        rows = super().get_queryset()
        rows._iterable_class = Stamped
        return rows


class Note(models.Model):
    about = models.ForeignKey(Person, models.CASCADE, related_name="notes")
    author = models.ForeignKey(Person, models.CASCADE, related_name="+")
    objects = Stamping()

    class Meta:
        app_label = "tests"


class Counted(models.Model):
    """Reads a column whenever an instance is made."""

    name = models.CharField(max_length=40)
    note = models.CharField(max_length=40, default="")

    class Meta:
        app_label = "tests"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.noted = bool(self.note)
