"""Users and rows for tests of refresh tokens."""

import secrets

from django.contrib.auth.models import User

from ninja_boost_jwt.models import RefreshFamily, RefreshToken


def new_user(**fields):
    return User.objects.create(username=secrets.token_hex(8), **fields)


def families(user, database="default"):
    return RefreshFamily.objects.using(database).filter(user=str(user.pk))


def tokens(user, database="default"):
    return RefreshToken.objects.using(database).filter(family__user=str(user.pk))


def let_pass(user, seconds, database="default"):
    """Make everything about a user's refresh tokens so much older."""
    for family in families(user, database):
        family.created_at -= seconds
        family.expires_at -= seconds
        family.save()
    for token in tokens(user, database):
        token.created_at -= seconds
        token.expires_at -= seconds
        if token.rotated_at is not None:
            token.rotated_at -= seconds
        token.save()
