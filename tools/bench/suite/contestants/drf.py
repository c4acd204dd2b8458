"""Django REST Framework: model serializers, JSON alone, and nothing that is not asked for."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from ..cases import TINY
from ..reading import bookings
from ..shapes import FLAT
from ..store.models import Airport, Booking, Country, Flight


class TinyOut(serializers.Serializer):
    status = serializers.CharField()
    version = serializers.IntegerField()


class BookingIn(serializers.ModelSerializer):
    class Meta:
        model = Booking
        fields = ("reference", "passenger", "seat", "baggage_kg", "paid", "miles")


class FlatBooking(serializers.ModelSerializer):
    class Meta:
        model = Booking
        fields = FLAT


class ShortFlight(serializers.ModelSerializer):
    class Meta:
        model = Flight
        fields = ("id", "number", "departs_at")


class NestedBooking(serializers.ModelSerializer):
    flight = ShortFlight()

    class Meta:
        model = Booking
        fields = (*FLAT, "flight")


class CountryOut(serializers.ModelSerializer):
    class Meta:
        model = Country
        fields = ("id", "code", "name")


class AirportOut(serializers.ModelSerializer):
    country = CountryOut()

    class Meta:
        model = Airport
        fields = ("id", "code", "city", "country")


class LongFlight(serializers.ModelSerializer):
    origin = AirportOut()
    destination = AirportOut()

    class Meta:
        model = Flight
        fields = ("id", "number", "departs_at", "origin", "destination")


class DeepBooking(serializers.ModelSerializer):
    flight = LongFlight()

    class Meta:
        model = Booking
        fields = (*FLAT, "flight")


class TinyView(APIView):
    def get(self, request):
        return Response(TinyOut(TINY).data)


class FlatView(APIView):
    def get(self, request):
        return Response(FlatBooking(bookings(), many=True).data)

    def post(self, request):
        booking = BookingIn(data=request.data)
        booking.is_valid(raise_exception=True)
        return Response(booking.validated_data)


class NestedView(APIView):
    def get(self, request):
        return Response(NestedBooking(bookings(1), many=True).data)


class DeepView(APIView):
    def get(self, request):
        return Response(DeepBooking(bookings(3), many=True).data)


class DetailView(APIView):
    def get(self, request, number):
        return Response(FlatBooking(get_object_or_404(Booking, id=number)).data)


def urlpatterns(is_async: bool) -> list[Any]:
    views = {
        "tiny": TinyView,
        "bookings": FlatView,
        "instances": FlatView,
        "nested": NestedView,
        "deep": DeepView,
        "bookings/<int:number>": DetailView,
    }
    return [path(f"api/{route}", view.as_view()) for route, view in views.items()]
