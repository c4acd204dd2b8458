"""A user without a database, for the example in README.md."""

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User


class OneUser(BaseBackend):
    def authenticate(self, request, username=None, password=None):
        if (username, password) == ("ada", "engine"):
            return User(id=1, username="ada")
        return None
