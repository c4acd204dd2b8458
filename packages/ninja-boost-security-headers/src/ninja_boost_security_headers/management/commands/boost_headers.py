"""Grades the security headers of the project."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.test import Client
from django.test.utils import override_settings

from ninja_boost_security_headers.report import grade, security_report

__all__ = ["Command"]

ORDER = "FDCBA"


class Command(BaseCommand):
    """``manage.py boost_headers``"""

    help = (
        "Grade the security headers: of the settings, or of paths of this project, which are "
        "requested in this process as over HTTPS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="*", metavar="path", help="such as /api/docs")
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument(
            "--at-least", choices=("A", "B", "C", "D"), help="fail if a grade is worse"
        )

    def handle(self, *args: Any, paths: list[str], at_least: str | None, **options: Any) -> None:
        reports = {path: _of(path) for path in paths} or {"settings": security_report()}
        if options["format"] == "json":
            self.stdout.write(json.dumps(reports, indent=2))
        else:
            for name, report in reports.items():
                self._show(name, report)
        worst = min((str(report["grade"]) for report in reports.values()), key=ORDER.index)
        if at_least is not None and ORDER.index(worst) < ORDER.index(at_least):
            raise CommandError(f"The worst grade is {worst}; {at_least} was asked for.")

    def _show(self, name: str, report: dict[str, Any]) -> None:
        self.stdout.write(f"{report['grade']}  {name}")
        for finding in report["findings"]:
            severity, header = finding["severity"], finding["header"]
            self.stdout.write(f"   {severity:6}  {header}: {finding['text']}")


def _of(path: str) -> dict[str, Any]:
    if not path.startswith("/"):
        raise CommandError(f"{path!r} is no path of this project: write it as /api/docs.")
    # The test client's host; the request does not leave this process.
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        response = Client(raise_request_exception=False).get(path, secure=True)
    letter, findings = grade(dict(response.items()), secure=True)
    return {
        "grade": letter,
        "status": response.status_code,
        "findings": [
            {"header": each.header, "severity": each.severity, "text": each.text}
            for each in findings
        ],
    }
