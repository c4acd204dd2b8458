"""A user without a database, for the example in README.md, and a cache that is down."""

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User
from django.core.cache.backends.base import BaseCache


class OneUser(BaseBackend):
    def authenticate(self, request, username=None, password=None):
        if (username, password) == ("ada", "engine"):
            return User(id=1, username="ada")
        return None


class BrokenCache(BaseCache):
    def __init__(self, location, params):
        super().__init__(params)

    def get(self, *args, **kwargs):
        raise ConnectionError("the cache is down")

    add = set = get_many = get
