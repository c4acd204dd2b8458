"""What ``boost_doctor`` asks the services."""

from __future__ import annotations

import asyncio

from ninja_boost_core.doctor import ask
from ninja_boost_services import BoostService
from ninja_boost_services._feature import feature


class Pinged(BoostService):
    def __init__(self, name, error=None):
        self.name = name
        self.error = error

    def ping(self):
        if self.error is not None:
            raise self.error


def answers():
    return {found.name: found for found in ask(list(feature.pings()), 10)}


def test_only_what_is_used():
    assert answers() == {}


def test_all_is_well(registry):
    registry.register(Pinged("mail"))
    registry.register(object(), name="plain")
    found = answers()
    assert all(each.ok for each in found.values()), found
    assert list(found) == ["services", "service: mail"]
    assert found["services"].detail == "2 registered, 1 with a ping"


def test_a_service_that_does_not_work(registry):
    registry.register(Pinged("mail", ConnectionError("smtp://app:hunter2@mail.example refused")))
    registry.register(Pinged("shop"))
    found = answers()
    assert found["service: mail"].detail == "ConnectionError: smtp://***@mail.example refused"
    assert "inject" in found["service: mail"].hint
    assert found["service: shop"].ok


def test_services_that_cannot_be_made(registry):
    registry.register_factory("shop", lambda warehouse: object())
    found = answers()["services"]
    assert not found.ok
    assert found.detail == "The service 'shop' depends on 'warehouse', which is not registered."
    assert found.hint


def test_async_services_share_a_loop(registry):
    loops = []

    async def connect():
        loops.append(asyncio.get_running_loop())
        return object()

    async def ask_connection(service):
        assert asyncio.get_running_loop() is loops[0]

    async def refuse(service):
        raise ConnectionError("amqp://app:hunter2@mq.example")

    registry.register_factory("connection", connect, ping=ask_connection)
    registry.register_factory("queue", lambda connection: object(), ping=ask_connection)
    found = answers()["async services: connection, queue"]
    assert found.ok, found.detail
    assert len(loops) == 1
    registry.register_factory("broker", connect, ping=refuse)
    registry.unregister("connection")
    registry.unregister("queue")
    found = answers()["async services: broker"]
    assert found.detail == "broker: ConnectionError: amqp://***@mq.example"
