"""What the views of the tests write."""

from django.db import models


class Booking(models.Model):
    guest = models.CharField(max_length=200)

    class Meta:
        app_label = "tests"
