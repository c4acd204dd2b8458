"""The tables of refresh tokens and of revoked tokens. Times are Unix seconds."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

__all__ = ["RefreshFamily", "RefreshToken", "Revocation"]


class RefreshFamily(models.Model):
    """A login, and what has come of it: each refresh token descends from that of the login.

    Attributes:
        id: also the ``sid`` claim of the access tokens.
        user: primary key of the user, as text.
        claims: what ``issue_tokens`` was given for the access tokens.
        used_at: when it was last refreshed.
        expires_at: when its last token expires, however often it is refreshed.
        revoked_at: since when none of its tokens is accepted.
    """

    id: models.CharField[str, str] = models.CharField(max_length=32, primary_key=True)
    user: models.CharField[str, str] = models.CharField(max_length=255, db_index=True)
    claims: models.JSONField[Any, Any] = models.JSONField(encoder=DjangoJSONEncoder)
    created_at: models.FloatField[float, float] = models.FloatField()
    used_at: models.FloatField[float, float] = models.FloatField()
    expires_at: models.FloatField[float, float] = models.FloatField(db_index=True)
    revoked_at: models.FloatField[float | None, float | None] = models.FloatField(null=True)

    class Meta:
        verbose_name = "family of refresh tokens"
        verbose_name_plural = "families of refresh tokens"
        default_permissions: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        return self.id


class RefreshToken(models.Model):
    """A refresh token, of which only the SHA-256 digest is kept.

    Attributes:
        rotated_at: when it was first used; NULL until then.
    """

    digest: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    family: models.ForeignKey[RefreshFamily, RefreshFamily] = models.ForeignKey(
        RefreshFamily, on_delete=models.CASCADE, related_name="tokens"
    )
    created_at: models.FloatField[float, float] = models.FloatField()
    expires_at: models.FloatField[float, float] = models.FloatField(db_index=True)
    rotated_at: models.FloatField[float | None, float | None] = models.FloatField(null=True)

    class Meta:
        verbose_name = "refresh token"
        verbose_name_plural = "refresh tokens"
        default_permissions: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        return self.digest[:8]


class Revocation(models.Model):
    """A token id, a session or a user whose access tokens are refused.

    Attributes:
        name: SHA-256 digest of the kind and the id.
        issued_before: only tokens issued before this are refused; NULL means all of them.
        expires_at: when the last of these tokens has expired; NULL means never.
    """

    name: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    issued_before: models.FloatField[float | None, float | None] = models.FloatField(null=True)
    expires_at: models.FloatField[float | None, float | None] = models.FloatField(
        null=True, db_index=True
    )

    class Meta:
        verbose_name = "revocation"
        verbose_name_plural = "revocations"
        default_permissions: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        return self.name[:8]
