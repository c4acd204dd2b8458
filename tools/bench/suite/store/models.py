"""Bookings of flights between airports of countries, and a table with many columns."""

from django.db import models

from .. import rows


class Country(models.Model):
    code = models.CharField(max_length=3)
    name = models.CharField(max_length=80)


class Airport(models.Model):
    code = models.CharField(max_length=3)
    city = models.CharField(max_length=80)
    country = models.ForeignKey(Country, models.PROTECT)


class Flight(models.Model):
    number = models.CharField(max_length=8)
    departs_at = models.DateTimeField()
    origin = models.ForeignKey(Airport, models.PROTECT, related_name="departures")
    destination = models.ForeignKey(Airport, models.PROTECT, related_name="arrivals")


class Booking(models.Model):
    reference = models.CharField(max_length=8)
    passenger = models.CharField(max_length=80)
    seat = models.CharField(max_length=4)
    baggage_kg = models.FloatField()
    paid = models.BooleanField()
    miles = models.IntegerField(null=True)
    booked_at = models.DateTimeField()
    flight = models.ForeignKey(Flight, models.PROTECT)


def _column(number: int) -> models.Field:
    kinds = (
        models.IntegerField(),
        models.CharField(max_length=40),
        models.FloatField(),
        models.BooleanField(),
        models.DateTimeField(),
    )
    return kinds[number % 5]


Wide = type(
    "Wide",
    (models.Model,),
    {"__module__": __name__}
    | {f"c{number:02}": _column(number) for number in range(1, rows.COLUMNS + 1)},
)

TABLES = (Country, Airport, Flight, Booking, Wide)


def fill() -> None:
    """Make the tables and their rows, the same on every database."""
    from django.db import connection

    with connection.schema_editor() as editor:
        for model in TABLES:
            editor.create_model(model)
    many = {
        Country: (rows.COUNTRIES, rows.country),
        Airport: (rows.AIRPORTS, rows.airport),
        Flight: (rows.FLIGHTS, rows.flight),
        Booking: (rows.BOOKINGS, rows.booking),
        Wide: (rows.WIDE, rows.wide),
    }
    for model, (count, make) in many.items():
        model.objects.bulk_create(model(**make(number)) for number in range(1, count + 1))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
