"""JSON as Ninja renders it, and what a view without ``response=`` may hand it by accident."""

from __future__ import annotations

import datetime
import json
import logging
from typing import TYPE_CHECKING, Any

from django.db.models import Model
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from .conf import CoreSettings, boost_settings

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["BoostJSONRenderer", "encoder_of"]

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


class MicrosecondEncoder(IdentityEncoder):
    """Writes a datetime as RFC 3339 has it, with all its microseconds."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime.datetime):
            text = o.isoformat()
            return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
        return super().default(o)


class BoostJSONRenderer(JSONRenderer):
    """AutoAPI's renderer, unless it is given another one."""

    encoder_class: type[json.JSONEncoder] = IdentityEncoder

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:
        return json.dumps(data, cls=encoder_of(self), **self.json_dumps_params)


def encoder_of(renderer: JSONRenderer) -> type[json.JSONEncoder]:
    """Return the encoder that a renderer uses under the settings as they are."""
    encoder = renderer.encoder_class
    if encoder is IdentityEncoder and boost_settings.section(CoreSettings).DATETIMES == "rfc3339":
        return MicrosecondEncoder
    return encoder
