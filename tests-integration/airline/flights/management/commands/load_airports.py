from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from flights import loading
from flights.demo import ensure_demo_user


class Command(BaseCommand):
    help = "Load the airports and their countries, the flights and, under DEBUG, the demo user."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        wanted = loading.airports()
        # None: no bar where the output is no terminal.
        quiet = True if verbosity == 0 else None
        with (
            transaction.atomic(),
            tqdm(total=len(wanted), unit=" airports", disable=quiet, leave=False) as bar,
        ):
            countries = loading.load_countries(wanted)
            airports = loading.load_airports(wanted, bar.update)
            flights = loading.load_flights()
        user = settings.DEBUG and ensure_demo_user()

        if verbosity == 0:
            return
        if any([countries, *airports, flights, user]):
            self.stdout.write(
                f"Loaded {airports.created:,} airports ({airports.updated:,} updated) "
                f"of {countries} countries, and {flights} flights."
            )
        else:
            self.stdout.write(f"Nothing to do: all {len(wanted):,} airports are loaded.")
