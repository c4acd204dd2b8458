"""Accounts to try the API with; their password is public, so they exist under DEBUG only."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured

USERNAME = "demo"
STAFF = "crew"
PASSWORD = "fly-me-to-the-moon"


def ensure_demo_user() -> bool:
    """True if the accounts had to be made. Raises ImproperlyConfigured without DEBUG."""
    if not settings.DEBUG:
        raise ImproperlyConfigured(
            f"The users {USERNAME!r} and {STAFF!r} have a published password: they are made only "
            "while DEBUG is on."
        )
    user, created = User.objects.get_or_create(username=USERNAME)
    if created:
        user.set_password(PASSWORD)
        user.save()
        if not User.objects.filter(username=STAFF).exists():
            User.objects.create_superuser(STAFF, password=PASSWORD)
    return created
