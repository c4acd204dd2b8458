"""The table of the database store."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

__all__ = ["IdempotencyKey"]


class IdempotencyKey(models.Model):
    """A key that was used. Times are Unix seconds on the database's clock.

    Attributes:
        name: digest of whose key it is, for which operation, and the key.
        fingerprint: digest of the request.
        token: fencing token of the attempt that holds or held the key.
        result: the response; NULL while the attempt runs.
    """

    name: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    fingerprint: models.CharField[str, str] = models.CharField(max_length=64)
    token: models.CharField[str, str] = models.CharField(max_length=32)
    lease_until: models.BigIntegerField[int, int] = models.BigIntegerField()
    expires_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    result: models.BinaryField[bytes | None, bytes | None] = models.BinaryField(null=True)

    class Meta:
        verbose_name = "idempotency key"
        verbose_name_plural = "idempotency keys"
        default_permissions: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        return self.name
