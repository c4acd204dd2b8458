"""What the tests' views write."""

from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=64)
    total = models.IntegerField(default=0)
    password = models.CharField(max_length=64, default="")
