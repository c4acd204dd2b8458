"""Whether two requests are the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["fingerprint", "is_multipart"]


def fingerprint(request: HttpRequest) -> str:
    """Return a digest of method, path, query, content type and body.

    The body counts byte for byte. That of a multipart form counts by its fields and files,
    because clients choose a new boundary for each attempt.
    """
    digest = hashlib.sha256()
    for part in _parts(request):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def is_multipart(request: HttpRequest) -> bool:
    # Django reads the form of a POST alone; of other methods, the body is there as sent.
    return request.content_type == "multipart/form-data" and request.method == "POST"


def _parts(request: HttpRequest) -> Iterator[bytes]:
    yield (request.method or "").encode()
    yield request.path.encode(errors="surrogateescape")
    yield request.META.get("QUERY_STRING", "").encode(errors="surrogateescape")
    if not is_multipart(request):
        yield request.META.get("CONTENT_TYPE", "").encode(errors="surrogateescape")
        yield request.body
        return
    yield b"multipart/form-data"
    for name, values in sorted(request.POST.lists()):
        for value in values:
            yield from (b"field", _encoded(name), _encoded(value))
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            content = hashlib.sha256()
            for chunk in file.chunks():
                content.update(chunk)
            file.seek(0)
            yield from (b"file", _encoded(name), _encoded(file.name or ""))
            yield from (_encoded(file.content_type or ""), content.digest())


def _encoded(value: object) -> bytes:
    return str(value).encode(errors="surrogateescape")
