"""The webhook sender: one attempt for each event, in the background, never a retry."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2

from sandbox.changegear.records import Delivery, Event, Subscription
from sandbox.changegear.site import Site

MODULE = "Incident"
_HELD_SECONDS = 0.25
_TIMEOUT_SECONDS = 10.0


@asynccontextmanager
async def delivering(site: Site) -> AsyncIterator[None]:
    """Send the site's webhooks while the block runs; what is queued at its end is lost."""
    sender = _Sender(site)
    loop = asyncio.get_running_loop()

    def listener(event: Event) -> None:
        loop.call_soon_threadsafe(sender.enqueue, event)

    site.listen(listener)
    try:
        yield
    finally:
        site.ignore(listener)
        await sender.close()


def destination(url: str) -> tuple[str, dict[str, str]]:
    """Give the address to connect to and the Host header: ``*.localhost`` is this machine."""
    parsed = httpx2.URL(url)
    if not parsed.host.endswith(".localhost"):
        return url, {}
    return str(parsed.copy_with(host="127.0.0.1")), {"Host": parsed.netloc.decode()}


class _Sender:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._client = httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._queues: dict[Subscription, asyncio.Queue[Event]] = {}
        self._workers: list[asyncio.Task[None]] = []

    def enqueue(self, event: Event) -> None:
        for subscription in self._site.subscriptions:
            if event.name in subscription.events and MODULE in subscription.modules:
                self._queue(subscription).put_nowait(event)

    async def close(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._client.aclose()

    def _queue(self, subscription: Subscription) -> asyncio.Queue[Event]:
        if subscription not in self._queues:
            self._queues[subscription] = asyncio.Queue()
            self._workers.append(asyncio.create_task(self._work(subscription)))
        return self._queues[subscription]

    async def _work(self, subscription: Subscription) -> None:
        queue = self._queues[subscription]
        while True:
            for event in await self._next(queue):
                await self._deliver(subscription, event)

    async def _next(self, queue: asyncio.Queue[Event]) -> list[Event]:
        event = await queue.get()
        delivery = self._site.profile.webhook_delivery
        if delivery == "duplicated":
            return [event, event]
        if delivery == "reordered":
            with suppress(TimeoutError):
                async with asyncio.timeout(_HELD_SECONDS):
                    return [await queue.get(), event]
        return [event]

    async def _deliver(self, subscription: Subscription, event: Event) -> None:
        if self._site.profile.webhook_delivery == "lost":
            self._log(subscription, event, "lost")
            return
        body: dict[str, Any] = event.entity
        if self._site.profile.webhook_body == "entity":
            body = {"Entity": body}
        try:
            status = await self._post(subscription, body)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            self._log(subscription, event, type(error).__name__)
        else:
            self._log(subscription, event, str(status))

    async def _post(self, subscription: Subscription, body: dict[str, Any]) -> int:
        url, headers = destination(subscription.url)
        named = bool(subscription.username)
        credentials = httpx2.BasicAuth(subscription.username, subscription.password) if named else httpx2.Auth()
        answer = await self._client.post(url, json=body, headers=headers, auth=credentials)
        return answer.status_code

    def _log(self, subscription: Subscription, event: Event, result: str) -> None:
        delivery = Delivery(self._site.stamp(), subscription.url, event.name, event.ticket_id, result)
        self._site.deliveries.append(delivery)
