"""A plain Ninja router, as a project has them before it moves to AutoRouter."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router

from flights.models import Country
from flights.schemas import CountryCode, CountryOut
from ninja_boost.responses import ErrorEnvelope

router = Router(tags=["Countries"], auth=None)


@router.get("", response=list[CountryOut])
def list_countries(request: HttpRequest) -> QuerySet[Country]:
    return Country.objects.all()


@router.get("/{code}", response={200: CountryOut, 404: ErrorEnvelope})
def get_country(request: HttpRequest, code: CountryCode) -> Country:
    return get_object_or_404(Country, code=code)
