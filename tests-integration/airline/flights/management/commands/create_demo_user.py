from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from flights.demo import PASSWORD, USERNAME, ensure_demo_user


class Command(BaseCommand):
    help = "Make the demo user; refused without DEBUG, for its password is published."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            created = ensure_demo_user()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        verb = "Made" if created else "There is already"
        self.stdout.write(f"{verb} the user {USERNAME!r}; the demo's password is {PASSWORD!r}.")
