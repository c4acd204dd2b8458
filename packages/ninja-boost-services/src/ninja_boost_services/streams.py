"""Streamed responses: the services live until the last chunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from django.core.exceptions import RequestAborted

from .request_scope import Services

__all__ = ["follow"]


def follow(response: Any, services: Services) -> None:
    """Clean up when the streamed body of ``response`` ends, and tell how it ended.

    A clean-up that fails breaks the stream off, since its status has been sent.
    """
    body = response.streaming_content
    if response.is_async:
        # The generator of a response does not close what it was made from.
        source = getattr(response, "_iterator", None)
        services.body = _achunks(body, source, services)
        response.streaming_content = services.body
    else:
        response.streaming_content = _chunks(body, services)


def _chunks(body: Iterator[bytes], services: Services) -> Iterator[bytes]:
    try:
        yield from body
    except BaseException as error:
        services.close(_told(error))
        raise
    services.close()


async def _achunks(body: Any, source: Any, services: Services) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in body:
            yield chunk
    except BaseException as error:
        await body.aclose()
        if hasattr(source, "aclose"):
            await source.aclose()
        await services.aclose(_told(error))
        raise
    else:
        await services.aclose()
    finally:
        services.body = None


def _told(error: BaseException) -> BaseException:
    """Return what context managers are told of the end of a stream."""
    if isinstance(error, GeneratorExit | asyncio.CancelledError):
        return RequestAborted("The client left before the end of the response.")
    return error
