import re
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sandbox.mailbox import Mailbox
from sandbox.phone import Phone
from sandbox.web import Login, Place, Welcome, create_sandbox_app, linked

TO, NUMBER = "anna@private.example", "+4915112345678"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def phone() -> Iterator[Phone]:
    running = Phone(pace=0)
    yield running
    running.close()


@pytest.fixture
def client(mailbox: Mailbox, phone: Phone) -> Iterator[TestClient]:
    async def echo(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"changegear {request.url.path}")

    welcome = Welcome(
        organisation="Example Ltd",
        desk="http://desk.localhost:8080",
        portal="http://portal.localhost:8080",
        places=(Place("Desk", "http://desk.localhost:8080", "For agents."),),
        logins=(Login("Desk", "alex", "correct-horse"),),
        person="Anna Berg",
    )
    changegear = Starlette(routes=[Route("/{path:path}", echo)])
    app = create_sandbox_app(changegear=changegear, mailbox=mailbox, phone=phone, welcome=welcome)
    with TestClient(app) as running:
        yield running


def put(mailbox: Mailbox, subject: str = "Confirm <b>now</b>", *, html: bool = True) -> int:
    message = EmailMessage()
    message["Subject"], message["To"] = subject, TO
    message.set_content("Open http://portal.localhost:8080/v/1.\n<script>alert(1)</script>")
    if html:
        message.add_alternative('<a href="http://portal.localhost:8080/v/1">Open</a>', subtype="html")
    envelope = Envelope()
    envelope.mail_from, envelope.rcpt_tos, envelope.original_content = (
        "desk@example.org",
        [TO],
        bytes(message),
    )
    return mailbox.keep(envelope).number


def put_text(phone: Phone, body: str) -> None:
    phone.send(to=NUMBER, sender="+15005550006", service=None, body=body, callback=None)
    phone.wait_for(NUMBER, count=len(phone.sent_to(NUMBER)), status="delivered")


@pytest.mark.parametrize("path", ["/CGRestAPI/Incident", "/cgrestapi/x", "/CGWeb/MainUI", "/changegear/tickets/1"])
def test_changegear_gets_its_paths_unchanged(client: TestClient, path: str) -> None:
    assert client.get(path).text == f"changegear {path}"


def test_the_phones_interface_answers_below_its_version(client: TestClient) -> None:
    assert client.get("/2010-04-01/Accounts/x/Messages.json").json()["code"] == 20003


def test_the_start_names_addresses_logins_and_the_story(client: TestClient) -> None:
    shown = client.get("/").text
    for expected in (
        "Example Ltd",
        "Anna Berg",
        "correct-horse",
        "http://desk.localhost:8080",
        "imper.ai Portal",
    ):
        assert expected in shown


@pytest.mark.parametrize("path", ["/", "/mailbox", "/phone", "/mailbox/99"])
def test_every_page_has_a_policy_without_inline_script(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in answer.text
    assert "style=" not in answer.text


def test_the_first_page_names_each_place_once(client: TestClient) -> None:
    page = client.get("/").text
    places = page.partition("What is here")[2].partition("</ul>")[0]
    assert re.findall(r'href="([^"]+)"', places) == ["http://desk.localhost:8080"]


def test_a_message_is_shown_by_its_parts(client: TestClient, mailbox: Mailbox) -> None:
    number = put(mailbox)
    assert "Confirm &lt;b&gt;now&lt;/b&gt;" in client.get("/mailbox").text
    assert f'src="/mailbox/{number}/html"' in client.get(f"/mailbox/{number}").text
    plain = client.get(f"/mailbox/{number}?view=text").text
    assert '<a href="http://portal.localhost:8080/v/1" target="_blank"' in plain
    assert "<script>alert" not in plain
    assert "Subject: Confirm" in client.get(f"/mailbox/{number}?view=source").text


def test_a_message_without_html_opens_as_plain_text(client: TestClient, mailbox: Mailbox) -> None:
    shown = client.get(f"/mailbox/{put(mailbox, html=False)}").text
    assert '<pre class="plain">' in shown
    assert "<iframe" not in shown


def test_the_html_part_runs_nothing_and_opens_links_in_a_new_tab(client: TestClient, mailbox: Mailbox) -> None:
    answer = client.get(f"/mailbox/{put(mailbox)}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert '<base target="_blank">' in answer.text


def test_a_list_is_sent_again_only_when_it_changed(client: TestClient, mailbox: Mailbox) -> None:
    tag = client.get("/mailbox/list/0").headers["ETag"]
    assert client.get("/mailbox/list/0", headers={"If-None-Match": tag}).status_code == 304
    put(mailbox, "Something new")
    assert "Something new" in client.get("/mailbox/list/0", headers={"If-None-Match": tag}).text


def test_a_number_has_its_thread_with_clickable_links(client: TestClient, phone: Phone) -> None:
    put_text(phone, "Open http://portal.localhost:8080/v/2")
    for path in ("/phone", f"/phone/{NUMBER}", "/phone/list", f"/phone/list/{NUMBER}"):
        shown = client.get(path).text
        assert 'href="http://portal.localhost:8080/v/2"' in shown
        assert "Delivered" in shown


def test_tests_read_both_as_json(client: TestClient, mailbox: Mailbox, phone: Phone) -> None:
    put(mailbox)
    put_text(phone, "Hello")
    assert client.get("/mailbox.json", params={"to": TO}).json()["messages"][0]["html"].startswith("<a href")
    assert client.get("/mailbox.json", params={"to": "other@example.org"}).json() == {"messages": []}
    assert [text["body"] for text in client.get("/phone.json").json()["messages"]] == ["Hello"]


def test_a_link_ends_before_its_sentence_does() -> None:
    assert linked("See <http://a.example/b?c=1&d=2>.") == (
        'See &lt;<a href="http://a.example/b?c=1&amp;d=2" target="_blank" rel="noopener noreferrer">'
        "http://a.example/b?c=1&amp;d=2</a>&gt;."
    )
