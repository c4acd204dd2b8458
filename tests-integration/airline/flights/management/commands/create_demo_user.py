from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from flights.demo import PASSWORD, STAFF, USERNAME, ensure_demo_user


class Command(BaseCommand):
    help = "Make the demo users; refused without DEBUG, for their password is published."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            created = ensure_demo_user()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        verb = "Made" if created else "There are already"
        self.stdout.write(
            f"{verb} the users {USERNAME!r} and {STAFF!r} (staff); their password in the demo is "
            f"{PASSWORD!r}."
        )
