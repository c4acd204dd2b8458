"""An account to try the API with; its password is public, so it exists under DEBUG only."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured

USERNAME = "demo"
PASSWORD = "fly-me-to-the-moon"


def ensure_demo_user() -> bool:
    """True if the account had to be made. Raises ImproperlyConfigured without DEBUG."""
    if not settings.DEBUG:
        raise ImproperlyConfigured(
            f"The user {USERNAME!r} has a published password: it is made only while DEBUG is on."
        )
    user, created = User.objects.get_or_create(username=USERNAME)
    if created:
        user.set_password(PASSWORD)
        user.save()
    return created
