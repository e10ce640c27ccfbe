import smtplib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.mailbox import Mailbox, running_mailbox

TO = "anna@private.example"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as running:
        yield running


def letter(subject: str = "Please verify", to: str = TO) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "desk@example.org", to, subject
    message["Message-ID"] = "<one@example.org>"
    message.set_content("Grüße, open https://portal.localhost/v/1")
    message.add_alternative('<p>Open <a href="https://portal.localhost/v/1">this</a></p>', subtype="html")
    return message


def send(mailbox: Mailbox, message: EmailMessage) -> None:
    with smtplib.SMTP(mailbox.host, mailbox.port, timeout=60) as client:
        client.send_message(message)


def test_a_message_arrives_with_both_parts_and_its_envelope(mailbox: Mailbox) -> None:
    send(mailbox, letter())
    mail = mailbox.wait_for(TO.upper())
    assert (mail.number, mail.sender, mail.recipients) == (1, "desk@example.org", (TO,))
    assert (mail.subject, mail.message_id) == ("Please verify", "<one@example.org>")
    assert mail.text.startswith("Grüße, open https://portal.localhost/v/1")
    assert '<a href="https://portal.localhost/v/1">' in mail.html


@pytest.mark.parametrize("code", [550, 451])
def test_a_refused_recipient_is_told_so(mailbox: Mailbox, code: int) -> None:
    mailbox.refuse(TO, code)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(mailbox, letter())
    assert refused.value.recipients[TO][0] == code
    mailbox.accept(TO)
    send(mailbox, letter())
    assert len(mailbox.messages) == 1


def test_only_550_and_451_refuse(mailbox: Mailbox) -> None:
    with pytest.raises(ValueError, match="550 or 451"):
        mailbox.refuse(TO, 250)


def test_a_mailbox_that_is_down_refuses_connections_until_it_is_up(mailbox: Mailbox) -> None:
    with smtplib.SMTP(mailbox.host, mailbox.port, timeout=60) as open_before:
        open_before.ehlo()
        mailbox.down = True
        assert open_before.mail("desk@example.org")[0] == 421
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((mailbox.host, mailbox.port), timeout=60)
    port = mailbox.port
    mailbox.down = False
    assert mailbox.port == port
    send(mailbox, letter())
    assert mailbox.wait_for(TO).number == 1


def test_a_login_is_asked_for_when_there_is_one() -> None:
    with running_mailbox(login=("deskward", "right")) as mailbox:
        with pytest.raises(smtplib.SMTPSenderRefused):
            send(mailbox, letter())
        with smtplib.SMTP(mailbox.host, mailbox.port, timeout=60) as client:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("deskward", "wrong")
            client.login("deskward", "right")
            client.send_message(letter())
        assert len(mailbox.messages) == 1


def test_starttls_carries_a_message(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    with running_mailbox(tls=server, tls_required=True) as mailbox:
        with pytest.raises(smtplib.SMTPSenderRefused):
            send(mailbox, letter())
        with smtplib.SMTP("localhost", mailbox.port, timeout=60) as client:
            client.starttls(context=ssl.create_default_context(cafile=certificate))
            client.send_message(letter())
        assert mailbox.wait_for(TO).subject == "Please verify"


def test_a_folder_keeps_the_newest_messages_over_a_restart(tmp_path: Path) -> None:
    with running_mailbox(folder=tmp_path, most=2) as mailbox:
        for subject in ("one", "two", "three"):
            send(mailbox, letter(subject))
    with running_mailbox(folder=tmp_path, most=2) as again:
        assert [(mail.number, mail.subject, mail.recipients) for mail in again.messages] == [
            (2, "two", (TO,)),
            (3, "three", (TO,)),
        ]
        again.clear()
    assert list(tmp_path.iterdir()) == []


def test_waiting_for_a_message_that_does_not_come_ends(mailbox: Mailbox) -> None:
    with pytest.raises(TimeoutError, match="0 messages"):
        mailbox.wait_for(TO, seconds=0.01)
