import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from flights.demo import PASSWORD, USERNAME
from flights.models import Flight

INFO = """\
Docs   {base}/api/docs

The airports of Switzerland, a page of five
  curl -s '{base}/api/airports?country=CH&size=5'

The highest airports of the world; next_cursor of the answer leads on
  curl -s '{base}/api/airports/feed?size=5'

Log in as {user!r} (password {password!r}), then book two seats
  TOKEN=$(curl -s {base}/api/auth/login -H 'Content-Type: application/json' -d '{login}' | \
python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["access_token"])') && \
curl -s {base}/api/bookings -H "Authorization: Bearer $TOKEN" \
-H 'Content-Type: application/json' -d '{booking}'
"""


class Command(BaseCommand):
    help = "Print the address of the docs and three curl lines that work as pasted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", default="http://127.0.0.1:8000")

    def handle(self, *args: Any, base_url: str, **options: Any) -> None:
        flight = Flight.objects.filter(departed_at=None).order_by("-seats_left", "id").first()
        self.stdout.write(
            INFO.format(
                base=base_url.rstrip("/"),
                user=USERNAME,
                password=PASSWORD,
                login=json.dumps({"username": USERNAME, "password": PASSWORD}),
                booking=json.dumps(
                    {
                        "flight_id": flight.pk if flight else 1,
                        "passenger": "Ada Lovelace",
                        "seats": 2,
                    }
                ),
            )
        )
