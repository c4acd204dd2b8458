"""Empty: a test brings its URLs with ``@pytest.mark.urls`` or ``override_settings``."""

urlpatterns: list[object] = []
