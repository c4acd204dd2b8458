"""What gunicorn serves."""

from django.core.wsgi import get_wsgi_application

wsgi = get_wsgi_application()
