"""Middleware that the tests put beside ours."""

import uuid

from django.http import HttpResponse


def early(get_response):
    def middleware(request):
        return HttpResponse("early", status=418)

    return middleware


def sync_only(get_response):
    def middleware(request):
        response = get_response(request)
        response["X-Sync"] = request.trace_id
        return response

    return middleware


def pass_through(get_response):
    return lambda request: get_response(request)


def uuid_trace_id(get_response):
    def middleware(request):
        request.trace_id = str(uuid.UUID(int=10))
        return get_response(request)

    return middleware


def no_trace_id(get_response):
    def middleware(request):
        request.trace_id = "job 17"
        return get_response(request)

    return middleware
