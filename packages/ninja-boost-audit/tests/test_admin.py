"""The admin: to be read, searched and exported, and nothing else."""

import csv
import io
import json

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from ninja_boost_audit import DatabaseBackend, Record
from ninja_boost_audit.models import AuditRecord

pytestmark = pytest.mark.django_db

LIST = "admin:ninja_boost_audit_auditrecord_changelist"
DETAIL = "admin:ninja_boost_audit_auditrecord_change"


@pytest.fixture
def trail():
    backend = DatabaseBackend(streams=1)
    for record in (
        Record(action="order.create", resource="order", resource_id="1", actor_id="alice"),
        Record(
            action="order.update",
            resource="order",
            resource_id="2",
            actor_id="bob",
            outcome="denied",
            status=403,
            ip="203.0.113.9",
            trace_id="trace-2",
            details={
                "route": "PUT /<b>",
                "changes": {
                    "total": [1, 2],
                    "note": [None, "<script>x</script>"],
                    "tags": [[], [1]],
                },
            },
        ),
        Record(action="=HYPERLINK(1)", resource="+1", resource_id="@x", actor_id=' -2+3"'),
    ):
        backend.write(record)


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def root():
    return client_of(User.objects.create_superuser("root"))


@pytest.fixture
def reader():
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_auditrecord"))
    return client_of(user)


@pytest.fixture(params=["root", "reader"])
def client(request):
    return request.getfixturevalue(request.param)


def detail_of(number):
    return reverse(DETAIL, args=[AuditRecord.objects.get(sequence=number).pk])


def test_the_list(client, trail):
    page = client.get(reverse(LIST))
    text = page.content.decode()
    assert page.status_code == 200
    for shown in ("alice", "bob", "order.update", "203.0.113.9", "denied", "main-1of1 #2"):
        assert shown in text
    assert reverse("admin:ninja_boost_audit_auditrecord_add") not in text
    assert "delete_selected" not in text
    assert "export_csv" in text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("q=bob", [2]),
        ("q=order.", [2, 1]),
        ("q=trace-2", [2]),
        ("q=203.0.113.9", [2]),
        ("q=2", [2]),
        ("q=nobody", []),
        ("outcome__exact=denied", [2]),
        ("action=order.create", [1]),
        ("resource=order", [2, 1]),
    ],
)
def test_search_and_filters(root, trail, query, numbers):
    page = root.get(f"{reverse(LIST)}?{query}")
    assert page.status_code == 200
    found = [record.sequence for record in page.context["cl"].result_list]
    assert found == numbers


def test_a_record_with_its_difference(client, trail):
    page = client.get(detail_of(2))
    text = page.content.decode()
    assert page.status_code == 200
    assert "<tr><th>total</th><td>1</td><td>2</td></tr>" in text
    assert "<th>note</th><td>–</td><td>&lt;script&gt;x&lt;/script&gt;</td>" in text  # noqa: RUF001
    assert "<script>x" not in text
    assert "PUT /&lt;b&gt;" in text
    for button in ("_save", "deletelink", '<input type="text"', "<textarea"):
        assert button not in text, button


def test_a_record_without_one(client, trail):
    assert client.get(detail_of(1)).status_code == 200


def test_nobody_adds_changes_or_deletes(root, trail):
    number = AuditRecord.objects.get(sequence=1).pk
    add = reverse("admin:ninja_boost_audit_auditrecord_add")
    delete = reverse("admin:ninja_boost_audit_auditrecord_delete", args=[number])
    for url in (add, delete):
        assert root.get(url).status_code == 403
        assert root.post(url, {"post": "yes"}).status_code == 403
    assert root.post(detail_of(1), {"actor_id": "mallory"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [number], "post": "yes"}
    root.post(reverse(LIST), chosen)
    assert AuditRecord.objects.count() == 3
    assert not AuditRecord.objects.filter(actor_id="mallory").exists()


def test_others_see_nothing(trail):
    client = client_of(User.objects.create_user("other", is_staff=True))
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(detail_of(1)).status_code == 403


def export(client, action):
    chosen = list(AuditRecord.objects.values_list("pk", flat=True))
    response = client.post(reverse(LIST), {"action": action, "_selected_action": chosen})
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response.streaming_content).decode()


def test_csv(client, trail):
    rows = list(csv.DictReader(io.StringIO(export(client, "export_csv"))))
    by_number = {row["sequence"]: row for row in rows}
    assert by_number["2"]["actor_id"] == "bob"
    assert by_number["2"]["timestamp"].endswith("Z")
    assert json.loads(by_number["2"]["details"])["changes"]["total"] == [1, 2]


def test_no_spreadsheet_takes_a_cell_for_a_formula(client, trail):
    rows = list(csv.reader(io.StringIO(export(client, "export_csv"))))
    dangerous = tuple("=+-@\t\r\n")
    cells = [cell for row in rows for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert "' -2+3\"" in cells
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(dangerous)]


def test_json_lines(client, trail):
    lines = [json.loads(line) for line in export(client, "export_json_lines").splitlines()]
    actions = {line["sequence"]: line["action"] for line in lines}
    assert actions == {1: "order.create", 2: "order.update", 3: "=HYPERLINK(1)"}
    assert {line["sequence"]: line for line in lines}[2]["details"]["changes"]["total"] == [1, 2]


def test_it_is_registered():
    from django.contrib import admin

    assert AuditRecord in admin.site._registry
