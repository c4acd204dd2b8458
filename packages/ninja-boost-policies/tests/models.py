"""What the policies of the tests are about."""

from django.db import models


class Booking(models.Model):
    """A booking as the demo project has it, with more ways to be allowed to see it."""

    owner = models.IntegerField(null=True)
    team = models.CharField(max_length=10, null=True)
    public = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default="open")

    class Meta:
        app_label = "tests"


class Guest(models.Model):
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="guests")
    user_id = models.IntegerField()

    class Meta:
        app_label = "tests"
