"""What a project's gunicorn.conf.py has, as the README shows it."""

from ninja_boost_metrics.gunicorn import child_exit, on_starting

__all__ = ["child_exit", "on_starting"]

wsgi_app = "django.core.wsgi:get_wsgi_application()"
workers = 4
threads = 2
keepalive = 30
control_socket_disable = True
