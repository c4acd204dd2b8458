from collections.abc import Iterator
from math import asin, cos, degrees, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance by the haversine formula, on the mean radius of WGS 84."""
    phi1, phi2 = radians(lat1), radians(lat2)
    h = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(h)))


def latitude_band(lat: float, radius_km: float) -> tuple[float, float]:
    reach = degrees(radius_km / EARTH_RADIUS_KM)
    return max(-90.0, lat - reach), min(90.0, lat + reach)


def longitude_ranges(lat: float, lon: float, radius_km: float) -> Iterator[tuple[float, float]]:
    """The longitudes a circle covers: two ranges across the date line, all of them over a pole."""
    angle = radius_km / EARTH_RADIUS_KM
    if abs(radians(lat)) + angle >= radians(90):
        yield -180.0, 180.0
        return
    reach = degrees(asin(sin(angle) / cos(radians(lat))))
    west, east = lon - reach, lon + reach
    yield max(west, -180.0), min(east, 180.0)
    if west < -180:
        yield west + 360, 180.0
    if east > 180:
        yield -180.0, east - 360
