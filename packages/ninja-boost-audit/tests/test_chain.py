"""Every way of tampering with the records in the database, and where each is found."""

from datetime import timedelta

import pytest
from django.db import models, transaction

from ninja_boost_audit import AuditError, DatabaseBackend, Record
from ninja_boost_audit.checkpoints import (
    CheckpointError,
    read_checkpoint,
    take_checkpoint,
)
from ninja_boost_audit.keys import KeyRing, key_ring
from ninja_boost_audit.models import AuditRecord, AuditSegment, AuditStream
from ninja_boost_audit.retention import SegmentError, purge, seal
from ninja_boost_audit.verification import verify

from .settings import KEYS
from .support import audit_settings, found, records

pytestmark = pytest.mark.django_db(transaction=True)

MAIN = "main-1of1"
NEW = {"k2": "for-tests-only-and-of-no-value-key-2", **KEYS}
FORGED = {"k1": "for-tests-only-and-of-no-value-forged"}


def fill(alias="default", count=5, streams=1):
    backend = DatabaseBackend(alias, streams=streams)
    for number in range(count):
        backend.write(
            Record(
                actor_id="alice",
                action="order.update",
                resource="order",
                resource_id=str(number),
                ip="203.0.113.1",
                trace_id=f"trace-{number}",
                status=200,
                details={"changes": {"total": [number, number + 0.5]}, "route": "PUT /o/{id}"},
            )
        )
    return backend


def fill_across_a_rotation(alias="default"):
    """Records 1 to 3 with one key, 4 to 6 with its successor."""
    fill(alias, 3)
    with audit_settings(KEYS=NEW):
        fill(alias, 3)


def row(sequence, alias="default"):
    return AuditRecord.objects.using(alias).filter(stream=MAIN, sequence=sequence)


def test_a_clean_chain_passes(alias):
    fill(alias)
    assert [record.sequence for record in records(alias)] == [1, 2, 3, 4, 5]
    assert found(alias) == []


def test_a_clean_chain_passes_across_a_rotation(alias):
    fill_across_a_rotation(alias)
    with audit_settings(KEYS=NEW):
        assert [record.key_id for record in records(alias)] == ["k1"] * 3 + ["k2"] * 3
        assert found(alias) == []


def edited(field):
    """Another value for a column of record 3."""
    if isinstance(field, models.DateTimeField):
        return models.F(field.name) + timedelta(microseconds=1)
    if isinstance(field, models.BigIntegerField | models.SmallIntegerField):
        return models.F(field.name) + 1000
    if field.name in ("previous", "mac"):
        return "f" * 64
    return {"outcome": "denied", "details": "{}", "key_id": "k2", "stream": "other-1of1"}.get(
        field.name, "mallory"
    )


SIGNED = [f for f in AuditRecord._meta.concrete_fields if f.name != "id"]
EXPECTED = {
    "stream": [(MAIN, 3, "missing"), ("other-1of1", None, "head"), ("other-1of1", 3, "altered")],
    "sequence": [(MAIN, 3, "missing"), (MAIN, 1003, "altered")],
    "mac": [(MAIN, 3, "altered"), (MAIN, 4, "broken_link")],
    "key_id": [(MAIN, 3, "unknown_key")],
}


@pytest.mark.parametrize("field", SIGNED, ids=lambda field: field.name)
def test_an_edit_of_each_column_is_found_where_it_is(alias, field):
    fill(alias)
    assert row(3, alias).update(**{field.name: edited(field)}) == 1
    expected = EXPECTED.get(field.name, [(MAIN, 3, "altered")])
    assert set(expected) <= set(found(alias))
    if field.name not in EXPECTED:
        assert found(alias) == expected


@pytest.mark.parametrize(
    "field", [field for field in SIGNED if field.null], ids=lambda field: field.name
)
def test_null_is_told_from_an_empty_text(field):
    fill()
    row(3).update(**{field.name: None})
    assert found() == [(MAIN, 3, "altered")]


def delete(*sequences):
    def tamper(alias):
        AuditRecord.objects.using(alias).filter(sequence__in=sequences).delete()

    return tamper


def move_head(**values):
    """Point the head at record 3, as far as one can who has no key."""

    def tamper(alias):
        AuditRecord.objects.using(alias).filter(sequence__gt=3).delete()
        mac = row(3, alias).get().mac
        AuditStream.objects.using(alias).update(sequence=3, mac=mac, **values)

    return tamper


def swap(alias):
    """Exchange what records 2 and 4 say."""
    two, four = row(2, alias).get(), row(4, alias).get()
    row(2, alias).update(sequence=999)
    row(4, alias).update(sequence=2)
    row(999, alias).update(sequence=4)
    assert (row(2, alias).get().mac, row(4, alias).get().mac) == (four.mac, two.mac)


def swap_contents(alias):
    """The same, without their places in the chain."""
    two, four = row(2, alias).get(), row(4, alias).get()
    row(2, alias).update(resource_id=four.resource_id, details=four.details)
    row(4, alias).update(resource_id=two.resource_id, details=two.details)


def insert_at_the_end(alias):
    forged = row(5, alias).get()
    forged.pk, forged.sequence, forged.previous = None, 6, forged.mac
    forged.save(using=alias)


def insert_in_the_middle(alias):
    """A copy of record 2 in the place of record 4."""
    row(4, alias).delete()
    forged = row(2, alias).get()
    forged.pk, forged.sequence = None, 4
    forged.save(using=alias)


def resign(alias):
    """Rewrite the whole chain with a key of one's own under the same id."""
    for model in (AuditRecord, AuditStream):
        model.objects.using(alias).all().delete()
    with audit_settings(KEYS=FORGED):
        fill(alias)


def resign_with_another_id(alias):
    for model in (AuditRecord, AuditStream):
        model.objects.using(alias).all().delete()
    with audit_settings(KEYS={"mine": FORGED["k1"]}):
        fill(alias)


ALL_ALTERED = [(MAIN, n, "altered") for n in range(1, 6)]
ALL_UNKNOWN = [(MAIN, n, "unknown_key") for n in range(1, 6)]

TAMPERINGS = {
    "delete the first": (delete(1), [(MAIN, 1, "missing")]),
    "delete one in the middle": (delete(3), [(MAIN, 3, "missing")]),
    "delete several": (delete(2, 3), [(MAIN, 2, "missing")]),
    "delete the last": (delete(5), [(MAIN, 5, "missing")]),
    "delete all": (delete(1, 2, 3, 4, 5), [(MAIN, 1, "missing")]),
    "delete the tail, move the head": (move_head(), [(MAIN, 3, "head")]),
    "and give it another's seal": (move_head(seal="0" * 64), [(MAIN, 3, "head")]),
    "swap": (swap, [(MAIN, 2, "altered"), (MAIN, 4, "altered")]),
    "swap contents": (swap_contents, [(MAIN, 2, "altered"), (MAIN, 4, "altered")]),
    "forge one at the end": (insert_at_the_end, [(MAIN, 6, "altered")]),
    "forge one in the middle": (
        insert_in_the_middle,
        [(MAIN, 4, "altered"), (MAIN, 5, "broken_link")],
    ),
    "sign anew": (resign, [*ALL_ALTERED, (MAIN, 5, "head")]),
    "sign anew with another key id": (
        resign_with_another_id,
        [*ALL_UNKNOWN, (MAIN, 5, "unknown_key")],
    ),
    "delete the head": (
        lambda alias: AuditStream.objects.using(alias).all().delete(),
        [(MAIN, None, "head")],
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_where_it_is(alias, name):
    tamper, expected = TAMPERINGS[name]
    fill(alias)
    before = [(record.sequence, record.mac) for record in records(alias)]
    tamper(alias)
    if name != "swap":
        after = [(record.sequence, record.mac) for record in records(alias)]
        assert after != before or name in ("swap contents", "delete the head")
    result = found(alias)
    if name == "swap":
        # The MACs that were exchanged are no longer those that the neighbours follow on.
        result = [each for each in result if each[2] != "broken_link"]
    assert result == expected


@pytest.mark.parametrize("sequence", [3, 4])
def test_across_a_rotation_edits_and_deletions_are_found(sequence):
    fill_across_a_rotation()
    with audit_settings(KEYS=NEW):
        row(sequence).update(actor_id="mallory")
        assert found() == [(MAIN, sequence, "altered")]
        row(sequence).delete()
        assert found() == [(MAIN, sequence, "missing")]


def test_across_a_rotation_a_swap_is_found():
    fill_across_a_rotation()
    with audit_settings(KEYS=NEW):
        swap("default")
        assert {(MAIN, 2, "altered"), (MAIN, 4, "altered")} <= set(found())


def test_a_key_that_was_replaced_verifies_nothing():
    fill()
    with audit_settings(KEYS=FORGED):
        assert found() == [*ALL_ALTERED, (MAIN, 5, "head")]
    with audit_settings(KEYS={"k2": NEW["k2"]}):
        assert found() == [*ALL_UNKNOWN, (MAIN, 5, "unknown_key")]


def test_a_record_that_moves_to_another_stream_is_found_in_both():
    fill(streams=2, count=1)
    moved = records()[0]
    other = {"main-1of2": "main-2of2", "main-2of2": "main-1of2"}[moved.stream]
    AuditRecord.objects.update(stream=other)
    assert set(found()) == {
        (moved.stream, 1, "missing"),
        (other, 1, "altered"),
    }


def test_a_lost_stream_is_found_by_its_siblings(alias):
    fill(alias, streams=3)
    lost = records(alias)[0].stream
    AuditRecord.objects.using(alias).filter(stream=lost).delete()
    AuditStream.objects.using(alias).filter(name=lost).delete()
    assert found(alias) == [(lost, None, "lost_stream")]


def test_streams_that_a_rollback_took_along_are_made_again(alias):
    backend = DatabaseBackend(alias)
    record = Record(actor_id="alice", action="order.update", resource="order", status=200)
    for _ in range(2):  # as each test of a TestCase does
        with transaction.atomic(using=alias):
            backend.write(record)
            backend.write(record)
            transaction.set_rollback(True, using=alias)
    backend.write(record)
    assert len(records(alias)) == 1
    assert found(alias) == []


def test_all_streams_that_are_lost_with_records_left_are_not_made_again(alias):
    backend = fill(alias)
    AuditStream.objects.using(alias).all().delete()
    with pytest.raises(AuditError):
        backend.write(Record(actor_id="alice", action="x", resource="order", status=200))


def test_a_lost_stream_is_not_made_again():
    """Which would hide the loss; the others go on."""
    fill(streams=3)
    lost = records()[0].stream
    AuditStream.objects.filter(name=lost).delete()
    AuditRecord.objects.filter(stream=lost).delete()
    fill(streams=3, count=1)
    assert not AuditStream.objects.filter(name=lost).exists()
    assert found() == [(lost, None, "lost_stream")]


class TestCheckpoints:
    """What only somebody can find who has something from before."""

    def test_a_checkpoint_of_a_clean_chain_holds_while_it_grows(self, alias):
        fill(alias)
        checkpoint = take_checkpoint(key_ring(), alias)
        assert found(alias, [checkpoint]) == []
        fill(alias)
        assert found(alias, [checkpoint, take_checkpoint(key_ring(), alias)]) == []

    def test_it_survives_the_way_through_a_file(self):
        fill()
        checkpoint = take_checkpoint(key_ring())
        assert read_checkpoint(key_ring(), checkpoint.as_text()) == checkpoint

    def test_a_tail_that_is_lost_with_its_head_is_found(self, alias):
        fill(alias, 3)
        old = AuditStream.objects.using(alias).values().get()
        fill(alias, 2)
        checkpoint = take_checkpoint(key_ring(), alias)
        AuditRecord.objects.using(alias).filter(sequence__gt=3).delete()
        AuditStream.objects.using(alias).update(**old)
        assert found(alias) == []
        assert found(alias, [checkpoint]) == [(MAIN, 5, "missing")]

    def test_everything_lost_is_found(self, alias):
        fill(alias)
        checkpoint = take_checkpoint(key_ring(), alias)
        for model in (AuditRecord, AuditStream):
            model.objects.using(alias).all().delete()
        assert found(alias) == []
        assert found(alias, [checkpoint]) == [(MAIN, None, "lost_stream")]

    def test_a_chain_rewritten_by_somebody_with_the_key_is_found(self):
        fill()
        checkpoint = take_checkpoint(key_ring())
        for model in (AuditRecord, AuditStream):
            model.objects.all().delete()
        fill(count=7)
        assert found() == []
        assert found(checkpoints=[checkpoint]) == [(MAIN, 5, "altered")]

    def test_it_holds_across_a_rotation(self):
        fill()
        checkpoint = take_checkpoint(key_ring())
        with audit_settings(KEYS=NEW):
            fill()
            assert found(checkpoints=[checkpoint, take_checkpoint(key_ring())]) == []
            row(5).delete()
            assert set(found(checkpoints=[checkpoint])) == {(MAIN, 5, "missing")}

    @pytest.mark.parametrize(
        ("old", "new"), [('"taken_at": "2', '"taken_at": "3'), ('"main-1of1"', '"main-2of1"')]
    )
    def test_an_edited_checkpoint_is_refused(self, old, new):
        fill()
        text = take_checkpoint(key_ring()).as_text()
        with pytest.raises(CheckpointError, match="not what was signed"):
            read_checkpoint(key_ring(), text.replace(old, new))

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"streams": 1}', '{"streams": {"a": 1}}'])
    def test_what_is_no_checkpoint_is_refused(self, text):
        with pytest.raises(CheckpointError, match="no checkpoint"):
            read_checkpoint(key_ring(), text)

    def test_a_false_head_gets_no_signature(self):
        fill()
        AuditStream.objects.update(seal="0" * 64)
        with pytest.raises(CheckpointError, match="false"):
            take_checkpoint(key_ring())


class TestWritersAreNoAccomplices:
    def test_a_head_that_was_tampered_with_takes_no_more_records(self, alias):
        """The next writer would sign what the intruder left."""
        fill(alias)
        move_head()(alias)
        with pytest.raises(AuditError, match="tampered"):
            fill(alias, 1)
        assert found(alias) == [(MAIN, 3, "head")]

    def test_a_writer_that_remembers_the_head_looks_all_the_same(self, alias):
        backend = fill(alias)
        move_head()(alias)
        with pytest.raises(AuditError, match="tampered"):
            backend.write(Record(action="more"))

    def test_a_key_that_is_gone_is_named(self):
        fill()
        with audit_settings(KEYS={"k2": NEW["k2"]}), pytest.raises(AuditError, match="'k1'"):
            fill(count=1)

    def test_without_a_head_nothing_is_written(self):
        fill()
        AuditStream.objects.all().delete()
        AuditStream.objects.create(name="x", sequence=0, mac="", key_id="", seal="")
        # The records are there, so the stream was; a new head would hide the loss.
        with pytest.raises(AuditError):
            fill(count=1)


class TestRetention:
    def later(self):
        return records()[-1].timestamp + timedelta(seconds=1)

    def test_what_was_purged_leaves_a_tombstone_and_a_sound_trail(self, alias):
        fill(alias)
        border = records(alias)[2].timestamp
        ring = key_ring()
        sealed = list(seal(ring, border, alias))
        assert [(each.first, each.last) for each in sealed] == [(1, 2)]
        assert found(alias) == []
        assert [str(each) for each in purge(ring, border, alias)] == [f"{MAIN} #1 to #2"]
        assert [record.sequence for record in records(alias)] == [3, 4, 5]
        assert found(alias) == []
        fill(alias)
        later = records(alias)[-1].timestamp + timedelta(seconds=1)
        list(seal(ring, later, alias))
        list(purge(ring, later, alias))
        assert (records(alias), found(alias)) == ([], [])
        fill(alias, 1)
        assert [record.sequence for record in records(alias)] == [11]
        assert found(alias) == []

    def test_across_a_rotation(self):
        fill_across_a_rotation()
        with audit_settings(KEYS=NEW):
            list(seal(key_ring(), self.later()))
            list(purge(key_ring(), self.later()))
            fill(count=1)
            assert found() == []

    def test_sealing_twice_seals_what_is_new(self):
        fill(count=2)
        assert len(list(seal(key_ring(), self.later()))) == 1
        assert list(seal(key_ring(), self.later())) == []
        fill(count=2)
        assert [(s.first, s.last) for s in seal(key_ring(), self.later())] == [(3, 4)]

    def test_only_what_is_old_enough_is_purged(self):
        fill()
        border = records()[2].timestamp
        list(seal(key_ring(), self.later()))
        assert list(purge(key_ring(), border)) == []
        assert len(records()) == 5

    def test_a_checkpoint_from_before_the_purge_still_holds(self):
        fill(count=2)
        early = take_checkpoint(key_ring())
        fill(count=2)
        end = take_checkpoint(key_ring())
        list(seal(key_ring(), self.later()))
        list(purge(key_ring(), self.later()))
        assert found(checkpoints=[early, end]) == []

    def test_a_purge_of_what_was_rewritten_is_found_by_a_checkpoint(self):
        fill()
        checkpoint = take_checkpoint(key_ring())
        for model in (AuditRecord, AuditStream):
            model.objects.all().delete()
        fill()
        list(seal(key_ring(), self.later()))
        list(purge(key_ring(), self.later()))
        assert found(checkpoints=[checkpoint]) == [(MAIN, 5, "altered")]

    @pytest.mark.parametrize(
        "values",
        [
            {"last": 3},
            {"last_mac": "0" * 64},
            {"digest": "0" * 64},
            {"key_id": "k9"},
            {"mac": "0" * 64},
            {"previous": "1" * 64},
        ],
        ids=lambda values: next(iter(values)),
    )
    def test_an_edited_tombstone_is_worth_nothing(self, values):
        fill()
        list(seal(key_ring(), self.later()))
        list(purge(key_ring(), self.later()))
        AuditSegment.objects.update(**values)
        assert found() == [(MAIN, 1, "segment"), (MAIN, 1, "missing")]

    def test_a_lost_tombstone_leaves_missing_records(self):
        fill()
        list(seal(key_ring(), self.later()))
        list(purge(key_ring(), self.later()))
        AuditSegment.objects.all().delete()
        assert found() == [(MAIN, 1, "missing")]

    def test_a_seal_made_into_a_tombstone_without_the_key_is_found(self):
        fill()
        list(seal(key_ring(), self.later()))
        AuditSegment.objects.update(purged_at=self.later())
        AuditRecord.objects.all().delete()
        assert found() == [(MAIN, 1, "segment"), (MAIN, 1, "missing")]

    def test_a_purged_record_that_comes_back_is_found(self):
        fill()
        kept = list(AuditRecord.objects.values())
        list(seal(key_ring(), self.later()))
        list(purge(key_ring(), self.later()))
        AuditRecord.objects.create(**kept[1])
        assert found() == [(MAIN, 2, "altered")]

    def test_nothing_is_sealed_or_purged_that_is_not_sound(self):
        fill()
        row(2).update(actor_id="mallory")
        with pytest.raises(SegmentError, match="#2"):
            list(seal(key_ring(), self.later()))
        row(2).update(actor_id="alice")
        list(seal(key_ring(), self.later()))
        row(3).delete()
        with pytest.raises(SegmentError, match="#3"):
            list(purge(key_ring(), self.later()))
        assert AuditSegment.objects.filter(purged_at=None).count() == 1


def test_a_finding_says_where_and_what():
    fill()
    row(3).update(actor_id="mallory")
    row(5).delete()
    assert [str(finding) for finding in verify(key_ring())] == [
        "main-1of1 #3: the record is not what was signed with this key.",
        "main-1of1 #5: the record is missing.",
    ]


def test_a_key_ring_needs_a_key():
    with pytest.raises(ValueError, match="needs a key"):
        KeyRing({})
