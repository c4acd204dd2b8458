"""A URL configuration without the endpoint."""

urlpatterns: list[object] = []
