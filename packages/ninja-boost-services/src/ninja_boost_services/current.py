"""The services of a request."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from .registry import service_registry
from .request_scope import Services

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["existing_services", "services_of"]

_SERVICES = "_boost_services"


def services_of(request: HttpRequest) -> Services:
    """Return the services of a request.

    Whatever follows, they are cleaned up when Django closes the request, which it does after the
    last byte of its response.
    """
    attributes = request.__dict__
    services: Services | None = attributes.get(_SERVICES)
    if services is None:
        services = attributes[_SERVICES] = Services(service_registry, request)
        attributes["close"] = partial(_close, services, request.close)
    return services


def existing_services(request: HttpRequest) -> Services | None:
    """Return the services of a request if anybody could have used them."""
    services: Services | None = request.__dict__.get(_SERVICES)
    return services


def _close(services: Services, close_request: Callable[[], None]) -> None:
    # The two hold each other, and would wait for the garbage collector.
    request, services.request = services.request, None
    if request is not None:
        closing = request.__dict__.get("close")
        if isinstance(closing, partial) and closing.args[:1] == (services,):
            del request.close
    services.finish()
    close_request()
