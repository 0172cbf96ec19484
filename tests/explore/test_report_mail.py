"""Mail to a real server: STARTTLS, TLS, login, and each way that it can fail, in words."""

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collector.explore.report.mail import Letter, MailError, Post, send
from tests.endtoend.running import free_ports
from tests.explore.mailserver import NOBODY, PASSWORD, USER, Box, served
from tests.store import tls

LETTER = Letter("Overview: Tuesday\n29 März", "Range: Tuesday\n", "overview-2026-03-29.pdf", b"%PDF-1.4\x00\xff")
TO = ("noc@example.net", "Dienst <duty@example.net>")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return tls.make(tmp_path_factory.mktemp("mail"))


@pytest.fixture(scope="module")
def box(certificate: tuple[Path, ssl.SSLContext]) -> Iterator[Box]:
    with served(certificate[1]) as box:
        yield box


@pytest.fixture
def post(box: Box, certificate: tuple[Path, ssl.SSLContext]) -> Post:
    return Post("127.0.0.1", "Flows <flows@example.net>", box.port, "starttls", USER, PASSWORD, certificate[0])


def test_a_letter_arrives_with_its_document(box: Box, post: Post) -> None:
    assert send(post, LETTER, TO) == ""
    message = box.messages[-1]
    assert message["Subject"] == "Overview: Tuesday 29 März"
    assert message["From"] == "Flows <flows@example.net>"
    assert message["Message-ID"].endswith("@example.net>")
    assert box.recipients[-1] == ["noc@example.net", "duty@example.net"]
    assert box.encrypted[-1]
    (document,) = message.iter_attachments()
    assert (document.get_filename(), document.get_content_type()) == ("overview-2026-03-29.pdf", "application/pdf")
    assert document.get_content() == LETTER.data
    text = message.get_body(("plain",))
    assert text
    assert text.get_content().strip() == "Range: Tuesday"


def test_tls_from_the_first_byte_on(certificate: tuple[Path, ssl.SSLContext]) -> None:
    with served(certificate[1], at_once=True) as box:
        post = Post("127.0.0.1", "flows@example.net", box.port, "tls", USER, PASSWORD, certificate[0])
        assert send(post, LETTER, TO) == ""
        assert len(box.messages) == 1
        with pytest.raises(MailError, match=r"smtp_ca names the file of the authority"):
            send(replace(post, ca=None), LETTER, TO)


def test_a_server_in_clear_without_login() -> None:
    with served(login=False) as box:
        post = Post("127.0.0.1", "flows@example.net", box.port, "off")
        assert send(post, LETTER, TO) == ""
        assert box.encrypted == [False]
        with pytest.raises(MailError, match=r'it offers no STARTTLS: smtp_tls = "tls"'):
            send(replace(post, tls="starttls"), LETTER, TO)
        with pytest.raises(MailError, match=r'no TLS came about .*: smtp_tls = "starttls"'):
            send(replace(post, tls="tls"), LETTER, TO)
        with pytest.raises(MailError, match=r"it offers no login here: leave out smtp_user"):
            send(replace(post, user="me", password="x"), LETTER, TO)


def test_a_wrong_password_is_told(post: Post) -> None:
    with pytest.raises(MailError, match=r"^mail server 127\.0\.0\.1:\d+: it refuses smtp_user or smtp_password: 535 "):
        send(replace(post, password="other"), LETTER, TO)


def test_a_recipient_that_is_refused_does_not_keep_it_from_the_others(box: Box, post: Post) -> None:
    told = send(post, LETTER, (*TO, NOBODY))
    assert told.endswith(f"refused {NOBODY} (550 5.1.1 there is no such mailbox)")
    assert box.recipients[-1] == ["noc@example.net", "duty@example.net"]


def test_it_is_told_when_all_recipients_are_refused(post: Post) -> None:
    with pytest.raises(MailError, match=f"it refuses all recipients: {NOBODY} \\(550 5.1.1 there is no such mailbox"):
        send(post, LETTER, (NOBODY,))


def test_a_certificate_of_another_name_or_authority_is_told(post: Post, tmp_path: Path) -> None:
    with pytest.raises(MailError, match=r"its certificate is not trusted .*: smtp_ca names the file"):
        send(replace(post, ca=tls.make(tmp_path)[0]), LETTER, TO)
    with pytest.raises(MailError, match=r"its certificate is for another name .*: smtp_host must be the name in it"):
        send(replace(post, host="localhost"), LETTER, TO)
    with pytest.raises(MailError, match=r"smtp_ca: .*nowhere\.pem is not there"):
        send(replace(post, ca=tmp_path / "nowhere.pem"), LETTER, TO)
    (tmp_path / "empty.pem").write_text("nothing\n", encoding="utf-8")
    for way in ("starttls", "tls"):
        with pytest.raises(MailError, match=r"^smtp_ca: .*empty\.pem has no certificate \(PEM\) in it$"):
            send(replace(post, tls=way, ca=tmp_path / "empty.pem"), LETTER, TO)
    with pytest.raises(MailError, match=r"^smtp_ca: .*: Is a directory$"):
        send(replace(post, ca=tmp_path), LETTER, TO)


def test_a_server_that_is_not_there_is_told(post: Post) -> None:
    (port,) = free_ports(1)
    with pytest.raises(MailError, match=r"not reached .Connection refused.: smtp_port is usually 587 for starttls"):
        send(replace(post, port=port), LETTER, TO)
    with pytest.raises(MailError, match=r"there is no host mail\.invalid: see smtp_host"):
        send(replace(post, host="mail.invalid"), LETTER, TO)


def test_a_server_that_hangs_up_is_told(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hung:

        def accept() -> None:
            hung.accept()[0].close()

        thread = threading.Thread(target=accept)
        thread.start()
        with pytest.raises(MailError, match=r"it ended the connection .*: smtp_port and smtp_tls may not belong"):
            send(replace(post, port=hung.getsockname()[1]), LETTER, TO)
        thread.join()
