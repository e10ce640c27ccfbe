"""The one way out over HTTP: limits, time-outs, no redirects, a guard for addresses, our errors (SR-101)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx2

from deskward.core.errors import RejectedError, SettingsError
from deskward.core.secret import Secret
from deskward.outbound.guard import Resolver, guarded, leads_to_metadata, resolved
from deskward.outbound.line import Answer, Line, basic_header

__all__ = ["Answer", "Outbound", "OutboundToData", "basic_header", "guarded", "resolved"]


class Outbound:
    """Calls one configured address, private ranges included; metadata addresses are refused (DESIGN 9.12).

    `verify` is True, False or the path of a CA bundle; time-outs are in seconds. Safe to share by threads.
    Raises SettingsError for an address that cannot be.
    """

    def __init__(
        self,
        base_url: str,
        *,
        verify: bool | str = True,
        proxy: str = "",
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        max_connections: int = 20,
        resolve: Resolver | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._base = _configured(self.base_url)
        self._proxied = bool(proxy)
        self._resolve = resolve or resolved
        self._line = Line(
            verify=verify,
            proxy=proxy,
            timeout=timeout,
            connect_timeout=connect_timeout,
            max_connections=max_connections,
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        basic: tuple[str, Secret] | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Make one call below the base address; every answer but a redirect comes back as it is.

        Raises UnreachableError (nothing happened: no connection, or “try later” with Retry-After),
        UncertainError (sent, no answer; for a repeatable call UnreachableError) and RejectedError.
        `repeatable` is true for GET and HEAD where it is not given.
        """
        url = self._below(path, query)
        addresses: Sequence[str] = () if self._proxied else self._addresses()
        again = method in {"GET", "HEAD"} if repeatable is None else repeatable
        sent = {**(headers or {}), **({"authorization": basic_header(*basic)} if basic else {})}
        return self._line.call(method, url, addresses, again, headers=sent, json=json, data=form, content=content)

    def close(self) -> None:
        """Let go of the connections."""
        self._line.client.close()

    def _below(self, path: str, query: Sequence[tuple[str, str]]) -> httpx2.URL:
        if ".." in path or "?" in path or "#" in path:
            raise RejectedError(f"The path {path!r} leaves the configured address.", "Check the settings.")
        return httpx2.URL(f"{self.base_url}/{path.lstrip('/')}", params=list(query) or None)

    def _addresses(self) -> Sequence[str]:
        host, port = self._base.raw_host.decode(), self._base.port or (443 if self._base.scheme == "https" else 80)
        found = self._resolve(host, port)
        if leads_to_metadata(found):
            raise RejectedError(f"{host} leads to a cloud metadata address.", "Check the address in the settings.")
        return found


class OutboundToData:
    """Calls addresses that arrived as data: https, port 443, allowed host names, public addresses (SR-101)."""

    def __init__(
        self,
        allowed_hosts: Iterable[str],
        *,
        verify: bool | str = True,
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        resolve: Resolver | None = None,
    ) -> None:
        self._allowed = frozenset(host.casefold() for host in allowed_hosts)
        self._resolve = resolve or resolved
        self._line = Line(verify=verify, timeout=timeout, connect_timeout=connect_timeout)

    def call(self, method: str, url: str, *, json: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Make one call to the address that the name has now; errors as `Outbound.call`."""
        target, address = guarded(url, self._allowed, self._resolve)
        again = method in {"GET", "HEAD"}
        return self._line.call(method, target, (address,), again, headers=headers or {}, json=json)

    def close(self) -> None:
        """Let go of the connections."""
        self._line.client.close()


def _configured(base_url: str) -> httpx2.URL:
    hint = "Write it like https://host/path."
    try:
        url = httpx2.URL(base_url)
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise SettingsError(f"{base_url!r} is not an address.", hint) from error
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query or url.fragment:
        raise SettingsError(f"The address of {url.host or 'an outside system'} cannot be used.", hint)
    return url
