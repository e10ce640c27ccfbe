import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deskward.channels.smtp import Channel
from deskward.core.destinations import Kind
from deskward.core.errors import InvalidError, SettingsError, UncertainError, UnreachableError
from deskward.core.ports import Delivery, Message, Posted
from deskward.core.secret import Secret
from sandbox.mailbox import Mailbox, running_mailbox

TO = "anna@private.example"
SENDER = "Deskward <no-reply@desk.example.com>"
MESSAGE = Message("s-1", TO, "Please verify", "Grüße: https://portal.example.com/v#abc", "<p>Grüße</p>")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as running:
        yield running


def channel(mailbox: Mailbox, **settings: Any) -> Channel:
    kept: dict[str, Any] = {
        "host": mailbox.host,
        "port": mailbox.port,
        "sender": SENDER,
        "tls": "none",
        "timeout": 5.0,
    }
    return Channel(**(kept | settings))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem"


@pytest.fixture
def safe_mailbox(certificate: Path) -> Iterator[Mailbox]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with running_mailbox(tls=context, tls_required=True, login=("desk", "open sesame")) as running:
        yield running


def test_a_message_is_accepted_with_both_parts_and_the_headers_of_a_machine(mailbox: Mailbox) -> None:
    receipt = channel(mailbox).send(MESSAGE, again=False)
    mail = mailbox.wait_for(TO)
    assert (receipt.delivery, receipt.text) == (Delivery.ACCEPTED, "accepted by the mail server")
    assert receipt.ref == mail.message_id == "<s-1@desk.example.com>"
    assert (mail.subject, mail.text.strip(), mail.html.strip()) == (
        MESSAGE.subject,
        MESSAGE.text,
        MESSAGE.html,
    )
    assert mail.parsed["Auto-Submitted"] == "auto-generated"
    assert mail.parsed["From"] == SENDER
    assert mail.parsed["Date"]


def test_a_second_try_goes_out_under_the_same_message_id(mailbox: Mailbox) -> None:
    sender = channel(mailbox)
    assert sender.send(MESSAGE, again=False).ref == sender.send(MESSAGE, again=True).ref
    mailbox.wait_for(TO, count=2)


def test_an_id_that_is_no_word_is_digested_for_the_message_id(mailbox: Mailbox) -> None:
    receipt = channel(mailbox).send(Message("a b\r\nX: y", TO, "s", "t"), again=False)
    assert receipt.ref.endswith("@desk.example.com>")
    assert mailbox.wait_for(TO).message_id == receipt.ref
    assert "a b" not in receipt.ref


BREAKS = ("\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x00")


@pytest.mark.parametrize("broken", BREAKS, ids=ascii)
def test_no_value_adds_a_header_or_a_recipient(mailbox: Mailbox, broken: str) -> None:
    sender = channel(mailbox, sender=f"Desk{broken}Bcc: eve <no-reply@desk.example.com>")
    message = Message(f"s{broken}Bcc: eve@x.de", TO, f"Hi{broken}Bcc: eve@x.de", f"text{broken}Bcc: eve@x.de")
    sender.send(message, again=False)
    mail = mailbox.wait_for(TO)
    assert mail.recipients == (TO,)
    assert mail.parsed["Bcc"] is None
    assert mail.subject.startswith("Hi")
    refused = sender.send(Message("s", f"{TO}{broken}eve@x.de", "s", "t"), again=False)
    assert refused.delivery is Delivery.REFUSED
    assert len(mailbox.messages) == 1


def test_a_recipient_refused_for_good_is_told_without_the_address(mailbox: Mailbox) -> None:
    mailbox.refuse(TO)
    receipt = channel(mailbox).send(MESSAGE, again=False)
    assert receipt.delivery is Delivery.REFUSED
    assert receipt.text == "Refused by the mail server (550 5.1.1): there is no such mailbox."


def test_a_recipient_refused_for_now_is_tried_again(mailbox: Mailbox) -> None:
    mailbox.refuse(TO, 451)
    with pytest.raises(UnreachableError, match="451"):
        channel(mailbox).send(MESSAGE, again=False)


def test_a_server_that_is_down_is_unreachable(mailbox: Mailbox) -> None:
    mailbox.down = True
    with pytest.raises(UnreachableError, match="cannot be reached"):
        channel(mailbox).send(MESSAGE, again=False)


def scripted(last: bytes) -> tuple[int, Callable[[], None]]:
    """Speak SMTP up to DATA, answer its end with `last`, then hang up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with listener, listener.accept()[0] as peer, peer.makefile("rb") as lines:
            peer.sendall(b"220 hi\r\n")
            for line in lines:
                if line.startswith(b"DATA"):
                    peer.sendall(b"354 go\r\n")
                    while next(lines) != b".\r\n":
                        pass
                    peer.sendall(last)
                    return
                peer.sendall(b"250 ok\r\n")

    thread = threading.Thread(target=talk)
    thread.start()
    return listener.getsockname()[1], thread.join


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (b"552 5.2.2 anna@private.example is over quota\r\n", "(552 5.2.2): the mailbox is full."),
        (b"554 No\r\n", "(554): it gives no known reason."),
        (b"554 5.6.9 No\r\n", "(554 5.6.9): it gives no known reason."),
    ],
)
def test_mail_refused_after_its_content_is_told(mailbox: Mailbox, last: bytes, text: str) -> None:
    port, join = scripted(last)
    receipt = channel(mailbox, port=port).send(MESSAGE, again=False)
    join()
    assert receipt.delivery is Delivery.REFUSED
    assert receipt.text.endswith(text)


def test_a_temporary_answer_after_the_content_is_tried_again(mailbox: Mailbox) -> None:
    port, join = scripted(b"452 4.3.1 later\r\n")
    with pytest.raises(UnreachableError):
        channel(mailbox, port=port).send(MESSAGE, again=False)
    join()


def test_a_connection_lost_after_the_content_is_uncertain(mailbox: Mailbox) -> None:
    port, join = scripted(b"")
    with pytest.raises(UncertainError):
        channel(mailbox, port=port).send(MESSAGE, again=False)
    join()


def test_mail_goes_through_starttls_and_login(safe_mailbox: Mailbox, certificate: Path) -> None:
    sender = channel(
        safe_mailbox,
        tls="starttls",
        ca_bundle=certificate,
        username="desk",
        password=Secret("open sesame"),
    )
    assert all(check.well for check in sender.doctor())
    assert sender.send(MESSAGE, again=False).delivery is Delivery.ACCEPTED


def test_a_wrong_login_is_told_by_the_doctor(safe_mailbox: Mailbox, certificate: Path) -> None:
    sender = channel(
        safe_mailbox, tls="starttls", ca_bundle=certificate, username="desk", password=Secret("wrong")
    )
    bad = [check for check in sender.doctor() if not check.well]
    assert [check.name for check in bad] == ["smtp server"]
    assert "refuses our login" in bad[0].text
    assert "wrong" not in bad[0].text


def test_a_server_without_tls_gets_no_mail(mailbox: Mailbox) -> None:
    with pytest.raises(UnreachableError):
        channel(mailbox, tls="starttls").send(MESSAGE, again=False)
    assert mailbox.messages == ()


def test_a_server_nobody_vouches_for_gets_no_mail(mailbox: Mailbox, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refused: list[bool] = []

        def greet() -> None:
            with listener.accept()[0] as peer:
                try:
                    context.wrap_socket(peer, server_side=True).close()
                except OSError:
                    refused.append(True)

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(UnreachableError, match=r"SSLCertVerificationError|SMTPConnectError"):
            channel(mailbox, tls="tls", port=listener.getsockname()[1]).send(MESSAGE, again=False)
        thread.join()
    assert refused == [True]


def test_the_doctor_finds_a_well_server_and_sends_nothing(mailbox: Mailbox) -> None:
    assert all(check.well for check in channel(mailbox).doctor())
    assert mailbox.messages == ()


@pytest.mark.parametrize(
    ("host", "well"), [("localhost", True), ("mail.localhost", True), ("::1", True), ("192.0.2.1", False)]
)
def test_plain_text_is_well_on_loopback_only(host: str, well: bool) -> None:
    check = next(iter(Channel(host=host, sender=SENDER, tls="none").doctor()))
    assert check.well is well


def test_plain_text_to_a_named_host_is_not_well() -> None:
    assert not next(iter(Channel(host="mail.example.com", sender=SENDER, tls="none").doctor())).well


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Anna.Berg@Private.EXAMPLE ", TO.replace("anna", "anna.berg")),
        ("a@münchen.de", "a@xn--mnchen-3ya.de"),
    ],
)
def test_a_typed_address_has_one_spelling(typed: str, stored: str) -> None:
    assert Channel(host="localhost", sender=SENDER).normalised(typed) == stored


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("anna", "not an e-mail address"),
        ("anna@mail", "not an e-mail address"),
        ("änna@x.de", "not an e-mail address"),
        ("a@x.de, b@x.de", "not an e-mail address"),
        ("anna@10minutemail.com", "throw-away"),
        ("No-Reply@desk.example.com", "belongs to the help desk"),
        ("max@desk.example.net", "belongs to the help desk"),
        ("max@mail.desk.example.net", "belongs to the help desk"),
        ("service@example.org", "belongs to the help desk"),
    ],
)
def test_an_address_that_is_no_requester_s_is_refused_in_words(typed: str, words: str) -> None:
    sender = Channel(host="localhost", sender=SENDER, helpdesk_domains=["desk.example.net", "Service@example.org"])
    with pytest.raises(InvalidError, match=words) as problem:
        sender.normalised(typed)
    assert (problem.value.field, bool(problem.value.hint)) == ("address", True)


def test_mail_has_no_country_and_no_callbacks() -> None:
    sender = Channel(host="localhost", sender=SENDER)
    assert (sender.kind, sender.country(TO)) == (Kind.EMAIL, "")
    assert sender.reported(Posted("https://x.example", {}, b"")) is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tls": "ssl"}, "channels.smtp.tls"),
        ({"sender": "Help desk"}, "channels.smtp.sender"),
        ({"ca_bundle": Path("/nowhere.pem")}, "channels.smtp.ca_bundle"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Channel(**({"host": "localhost", "sender": SENDER} | settings))
