"""The view that a scraper asks, and who may."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from ninja_boost_core.client_address import client_address
from ninja_boost_core.conf import boost_settings

from .recording import current
from .settings import EndpointOptions, MetricsSettings

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["admits", "metrics_view"]


@csrf_exempt
@login_not_required
def metrics_view(request: HttpRequest) -> HttpResponse:
    """Return the metrics for Prometheus: ``path("metrics", metrics_view)``.

    Raises:
        django.http.Http404: for whoever may not see them, and if the backend has nothing to
            scrape.
    """
    # A refusal of CSRF or of LoginRequiredMiddleware would tell that there is something here.
    if not admits(request, boost_settings.section(MetricsSettings).METRICS.ENDPOINT):
        raise Http404
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    recorder = current()
    found = None if recorder is None else recorder.backend.exposition(_accept(request))
    if found is None:
        raise Http404("NINJA_BOOST: METRICS.BACKEND has nothing to scrape; set PrometheusBackend.")
    body, content_type = found
    return HttpResponse(body, content_type=content_type, headers={"Cache-Control": "no-store"})


def admits(request: HttpRequest, options: EndpointOptions) -> bool:
    """Return whether ``request`` may see the metrics.

    Where NETWORKS is set, nobody from elsewhere may. Where TOKEN or STAFF is set, one of the two
    is needed. Where nothing is set, everybody may in DEBUG, and nobody else.
    """
    needs_more = bool(options.TOKEN) or options.STAFF
    if not needs_more and not options.NETWORKS:
        return bool(settings.DEBUG)
    if options.NETWORKS and not _is_from(request, options.NETWORKS):
        return False
    if not needs_more:
        return True
    return _has_token(request, options) or (options.STAFF and _is_staff(request))


def _is_from(request: HttpRequest, networks: tuple[Any, ...]) -> bool:
    address = client_address(request)
    return address is not None and any(ip_address(address) in network for network in networks)


def _has_token(request: HttpRequest, options: EndpointOptions) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    sent = given.strip().encode(errors="replace")
    # All are compared, so that the time does not tell which.
    matches = [
        hmac.compare_digest(sent, token.get_secret_value().encode()) for token in options.TOKEN
    ]
    return any(matches)


def _is_staff(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return bool(user is not None and user.is_active and getattr(user, "is_staff", False))


def _accept(request: HttpRequest) -> str:
    accept: str = request.headers.get("Accept", "")
    return accept[:1024]
