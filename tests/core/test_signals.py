"""What the port of the signals brings along."""

import hashlib

import pytest

from deskward.core.signals import origin_echo


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://portal.acme.example", "https://portal.acme.example"),
        ("https://Portal.Acme.example:443", "https://portal.acme.example"),
        ("https://portal.acme.example:8443", "https://portal.acme.example:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://portal.localhost:80", "http://portal.localhost"),
        ("http://portal.localhost:8080", "http://portal.localhost:8080"),
    ],
)
def test_the_echo_is_of_the_origin_as_browsers_write_it(url: str, origin: str) -> None:
    assert origin_echo("n1", url) == hashlib.sha256(f"n1|{origin}".encode()).hexdigest()
