"""A default installation works without a network, and a browser keeps nothing personal of it (SR-126)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.stories.conftest import SETTINGS
from tests.stories.product import started
from tests.stories.walk import Story, mailed_link

FOLDER = Path(__file__).parent / "without_network"


def cut_off(refused: Path) -> dict[str, str]:
    """Give the environment of a process that reaches loopback only; what it tries beside is written there."""
    return {"PYTHONPATH": str(FOLDER), "REFUSED_TO": str(refused)}


def test_sr_126_the_story_runs_without_a_network_and_the_browser_keeps_nothing_personal(
    chromium: Browser, tmp_path: Path
) -> None:
    refused, asked = tmp_path / "refused.jsonl", set[str]()
    settings = SETTINGS | cut_off(refused)
    with (
        started(tmp_path, "sqlite:///deskward.db", settings=settings, anew=True) as product,
        Story.told(chromium, product) as story,
    ):
        human, agent, requester = product.somebody(), story.agent(), story.requester()
        for window in (agent.page.context, requester.page.context):
            window.on("request", lambda request: asked.add(urlsplit(request.url).hostname or ""))
        ticket = agent.ticket(human, "Password Reset")
        agent.page.goto(ticket.send_address)
        code = agent.send()
        requester.follow(mailed_link(product, human))
        requester.agree(code)
        requester.sees("Password reset")
        requester.reset()
        agent.progress("Ticket closed")
        ticket.has_status("Closed")
        number = ticket.row()["ticket_number"]
        kept = json.dumps(requester.page.context.storage_state(indexed_db=True))
        assert story.complaints == []
    assert refused.read_text() == ""
    assert asked <= {f"{part}.localhost" for part in ("desk", "portal", "sandbox")}
    assert "portal.localhost" in asked
    personal = (human.name, human.first, human.login, human.mail, human.phone, number)
    assert [word for word in personal if word.casefold() in kept.casefold()] == []


@pytest.mark.parametrize(
    ("call", "host"),
    [
        ("socket.create_connection(('192.0.2.1', 443))", "192.0.2.1"),
        ("socket.create_connection(('2001:db8::1', 443))", "2001:db8::1"),
        ("socket.getaddrinfo('updates.example.com', 443)", "updates.example.com"),
        ("socket.gethostbyname('updates.example.com')", "updates.example.com"),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))", "192.0.2.1"),
        ("urllib.request.urlopen('http://updates.example.com')", "updates.example.com"),
    ],
)
def test_a_call_to_the_outside_would_be_refused_and_seen(tmp_path: Path, call: str, host: str) -> None:
    refused = tmp_path / "refused.jsonl"
    assert tried(call, refused) != 0
    assert {json.loads(line)[1] for line in refused.read_text().splitlines()} == {host}


def test_a_call_to_loopback_is_let_through(tmp_path: Path) -> None:
    call = "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    assert tried(call, tmp_path / "refused.jsonl") == 0
    assert (tmp_path / "refused.jsonl").read_text() == ""


def tried(call: str, refused: Path) -> int:
    """Make a call in a process that is cut off; gives its exit code."""
    code = f"import socket, urllib.request; {call}"
    environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()} | cut_off(refused)
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=False, timeout=60
    )
    return ran.returncode
