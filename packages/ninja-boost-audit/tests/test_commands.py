"""The ``audit_*`` commands."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ninja_boost_audit import DatabaseBackend, Record
from ninja_boost_audit.models import AuditRecord, AuditSegment, AuditStream

from .support import audit_settings, records

pytestmark = pytest.mark.django_db(transaction=True)


def fill(alias="default", count=3):
    backend = DatabaseBackend(alias, streams=1)
    for number in range(count):
        backend.write(Record(action="x", resource_id=str(number)))


def run(name, *arguments, **options):
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def tomorrow():
    return (records()[-1].timestamp + timedelta(days=1)).isoformat()


def test_verify(alias):
    fill(alias)
    assert "is sound" in run("audit_verify", database=alias)
    AuditRecord.objects.using(alias).filter(sequence=2).update(actor_id="mallory")
    out = StringIO()
    with pytest.raises(CommandError, match="NOT sound: 1 finding"):
        call_command("audit_verify", database=alias, stdout=out, stderr=StringIO())
    assert "main-1of1 #2: " in out.getvalue()


def test_verify_for_programs():
    fill()
    AuditRecord.objects.filter(sequence=2).delete()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("audit_verify", json=True, stdout=out)
    (finding,) = map(json.loads, out.getvalue().splitlines())
    assert (finding["stream"], finding["sequence"], finding["kind"]) == ("main-1of1", 2, "missing")


def test_on_postgresql_verify_says_that_the_triggers_are_missing():
    from django.conf import settings

    if "postgresql" in settings.MISSING:
        pytest.skip(settings.MISSING["postgresql"])
    err = StringIO()
    call_command("audit_verify", database="postgresql", stdout=StringIO(), stderr=err)
    assert "audit_protect" in err.getvalue()


def test_a_checkpoint_finds_a_lost_stream(tmp_path):
    fill()
    path = tmp_path / "checkpoint.json"
    run("audit_checkpoint", output=str(path))
    assert "1 checkpoint" in run("audit_verify", checkpoint=[str(path)])
    AuditRecord.objects.all().delete()
    AuditStream.objects.all().delete()
    run("audit_verify")
    with pytest.raises(CommandError, match="NOT sound"):
        run("audit_verify", checkpoint=[str(path)])


def test_a_checkpoint_is_not_overwritten(tmp_path):
    fill()
    path = tmp_path / "checkpoint.json"
    run("audit_checkpoint", output=str(path))
    with pytest.raises(CommandError, match="not written"):
        run("audit_checkpoint", output=str(path))
    assert json.loads(run("audit_checkpoint"))["streams"]["main-1of1"][0] == 3


def test_a_checkpoint_that_is_none_is_refused(tmp_path):
    path = tmp_path / "checkpoint.json"
    path.write_text("{}")
    for name in (path, tmp_path / "missing"):
        with pytest.raises(CommandError, match=str(name)):
            run("audit_verify", checkpoint=[str(name)])


def test_a_false_head_gets_no_checkpoint():
    fill()
    AuditStream.objects.update(sequence=2)
    with pytest.raises(CommandError, match="false"):
        run("audit_checkpoint")


def test_seal_and_purge(tmp_path):
    fill()
    archive = tmp_path / "archive.jsonl"
    before = tomorrow()
    assert "Sealed main-1of1 #1 to #3" in run("audit_seal", before=before)
    assert "Purged main-1of1 #1 to #3" in run("audit_purge", before=before, archive=str(archive))
    assert [json.loads(line)["sequence"] for line in archive.read_text().splitlines()] == [1, 2, 3]
    assert not records()
    assert "is sound" in run("audit_verify")


def test_an_archive_that_cannot_be_written_keeps_the_records(tmp_path):
    fill()
    before = tomorrow()
    run("audit_seal", before=before)
    with pytest.raises(CommandError):
        run("audit_purge", before=before, archive=str(tmp_path / "no" / "such"))
    assert len(records()) == 3
    assert AuditSegment.objects.get().purged_at is None


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", ""])
def test_a_date_is_a_date(text):
    with pytest.raises(CommandError, match="no date"):
        run("audit_seal", before=text)


def test_a_date_alone_is_midnight_in_utc():
    fill()
    today = records()[0].timestamp.date()
    assert run("audit_seal", before=today.isoformat()) == ""
    assert "Sealed" in run("audit_seal", before=(today + timedelta(days=2)).isoformat())


def test_what_is_not_sound_is_not_sealed():
    fill()
    AuditRecord.objects.filter(sequence=2).delete()
    with pytest.raises(CommandError, match="nothing of this stream was sealed"):
        run("audit_seal", before=tomorrow())


def test_without_keys_they_say_so(monkeypatch):
    monkeypatch.delenv("NINJA_BOOST_AUDIT_KEYS", raising=False)
    with audit_settings(KEYS={}), pytest.raises(CommandError, match=r"AUDIT\.KEYS"):
        run("audit_verify")
