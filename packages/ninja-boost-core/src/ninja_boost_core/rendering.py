"""JSON as Ninja renders it, and what a view without ``response=`` may hand it by accident."""

from __future__ import annotations

import logging
from typing import Any

from django.db.models import Model
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

__all__ = ["BoostJSONRenderer"]

logger: logging.Logger = logging.getLogger("ninja_boost.rendering")

_warned: set[type[Model]] = set()


class IdentityEncoder(NinjaJSONEncoder):
    """Writes a model instance as its primary key alone.

    Without a schema nobody has said which columns a client may see. The key identifies the row
    and gives nothing else away, where Ninja answers 500; the log says what to declare.
    """

    def default(self, o: Any) -> Any:
        if not isinstance(o, Model):
            return super().default(o)
        if type(o) not in _warned:
            _warned.add(type(o))
            logger.warning(
                "A view without response= returned %s; only its primary key was sent. Declare "
                "response= with a schema to send more.",
                o._meta.label,
            )
        return {o._meta.pk.attname: o.pk}


class BoostJSONRenderer(JSONRenderer):
    """AutoAPI's renderer, unless it is given another one."""

    encoder_class: type[NinjaJSONEncoder] = IdentityEncoder
