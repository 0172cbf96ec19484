"""Documents by mail: SMTP with TLS and login, and what goes wrong with it in words."""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from typing import Any

from collector.errors import CollectorError

PORTS: Mapping[str, int] = {"starttls": 587, "tls": 465, "off": 25}
"""Usual ones, by `smtp_tls`."""
SECONDS = 60.0
KINDS: Mapping[str, tuple[str, str]] = {
    "pdf": ("application", "pdf"),
    "png": ("image", "png"),
    "html": ("text", "html"),
}


class MailError(CollectorError):
    """A message was not taken; one line that says what to do."""


@dataclass(frozen=True)
class Post:
    """A mail server, and how it is spoken to."""

    host: str
    sender: str
    port: int | None = None
    tls: str = "starttls"
    user: str | None = None
    password: str | None = None
    ca: Path | None = None

    @property
    def place(self) -> str:
        """In words."""
        return f"mail server {self.host}:{self.number}"

    @property
    def number(self) -> int:
        """The port."""
        return self.port or PORTS[self.tls]


@dataclass(frozen=True)
class Letter:
    """A document and what is written with it."""

    subject: str
    text: str
    name: str
    """Of the file."""
    data: bytes


def message(letter: Letter, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """As it is sent."""
    made = EmailMessage(policy=SMTP)
    made["Subject"] = " ".join(letter.subject.split())
    made["From"], made["To"] = sender, ", ".join(recipients)
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    made.set_content(letter.text)
    kind, detail = KINDS[letter.name.rpartition(".")[2]]
    made.add_attachment(letter.data, maintype=kind, subtype=detail, filename=letter.name)
    return made


def send(post: Post, letter: Letter, recipients: Sequence[str]) -> str:
    """Send a letter to all at once; empty, or a sentence about those that the server refused. MailError."""
    made = message(letter, post.sender, recipients)
    with _session(post) as server:
        refused = server.send_message(made)
    return f"{post.place} refused {_refused(refused)}" if refused else ""


def reach(post: Post) -> None:
    """Connect and log in, and send nothing. MailError."""
    with _session(post) as server:
        server.noop()


@contextmanager
def _session(post: Post) -> Iterator[smtplib.SMTP]:
    """A server that is logged in to. MailError for whatever goes wrong meanwhile."""
    try:
        with _connected(post) as server:
            if post.user:
                server.login(post.user, post.password or "")
            yield server
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise MailError(f"{post.place}: {_reason(error, post)}") from error


def trusted(ca: Path | None) -> ssl.SSLContext:
    """TLS that trusts the authorities of a file, or else those of the system. MailError where it cannot be used."""
    try:
        return ssl.create_default_context(cafile=ca)
    except FileNotFoundError as error:
        raise MailError(f"smtp_ca: {ca} is not there") from error
    except ssl.SSLError as error:
        raise MailError(f"smtp_ca: {ca} has no certificate (PEM) in it") from error
    except OSError as error:
        raise MailError(f"smtp_ca: {ca}: {error.strerror}") from error


def _connected(post: Post) -> smtplib.SMTP:
    context = trusted(post.ca)
    if post.tls == "tls":
        return smtplib.SMTP_SSL(post.host, post.number, timeout=SECONDS, context=context)
    server = smtplib.SMTP(post.host, post.number, timeout=SECONDS)
    try:
        if post.tls == "starttls":
            server.starttls(context=context)
    except BaseException:
        server.close()
        raise
    return server


def _reason(error: Exception, post: Post) -> str:
    return next(write(error, post) for kind, write in REASONS if isinstance(error, kind))


def _answer(code: int, text: bytes | str) -> str:
    """A server's answer on one line; several lines have the same enhanced code (RFC 3463) before each."""
    plain = text.decode(errors="replace") if isinstance(text, bytes) else text
    return " ".join(re.sub(r"\s+", " ", f"{code} {plain}").split())[:300]


def _of(error: smtplib.SMTPResponseException) -> str:
    return _answer(error.smtp_code, error.smtp_error)


def _refused(refused: Mapping[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{one} ({_answer(*why)})" for one, why in refused.items())


def _untrusted(error: Exception, _: Post) -> str:
    reason = getattr(error, "verify_message", str(error))
    if "hostname" in reason.lower() or "ip address" in reason.lower():
        return f"its certificate is for another name ({reason}): smtp_host must be the name in it"
    return f"its certificate is not trusted ({reason}): smtp_ca names the file of the authority that signed it"


def _broken(error: Exception, post: Post) -> str:
    hint = 'smtp_tls = "starttls" (port 587) may be meant' if post.tls == "tls" else "smtp_port may be wrong"
    return f"no TLS came about ({getattr(error, 'reason', None) or error}): {hint}"


def _unreached(error: Exception, _: Post) -> str:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return (
        f"not reached ({reason}): smtp_port is usually 587 for starttls, 465 for tls and 25 for off; "
        "does a firewall let it through?"
    )


def _unsupported(error: Exception, _: Post) -> str:
    if "STARTTLS" in str(error):
        return 'it offers no STARTTLS: smtp_tls = "tls" (port 465) or another port may be meant'
    if "AUTH" in str(error):
        return "it offers no login here: leave out smtp_user, or choose the port for submission (587)"
    return str(error)


def _ended(error: Exception, _: Post) -> str:
    return f"it ended the connection ({error}): smtp_port and smtp_tls may not belong together"


REASONS: Iterable[tuple[type[Exception], Callable[[Any, Post], str]]] = (
    (smtplib.SMTPAuthenticationError, lambda error, _: f"it refuses smtp_user or smtp_password: {_of(error)}"),
    (smtplib.SMTPSenderRefused, lambda error, post: f"it refuses the sender {post.sender} (smtp_from): {_of(error)}"),
    (smtplib.SMTPRecipientsRefused, lambda error, _: f"it refuses all recipients: {_refused(error.recipients)}"),
    (smtplib.SMTPNotSupportedError, _unsupported),
    (smtplib.SMTPServerDisconnected, _ended),
    (smtplib.SMTPResponseException, lambda error, _: f"it does not take the message: {_of(error)}"),
    (smtplib.SMTPException, lambda error, _: str(error)),
    (ssl.SSLCertVerificationError, _untrusted),
    (ssl.SSLError, _broken),
    (socket.gaierror, lambda _, post: f"there is no host {post.host}: see smtp_host"),
    (OSError, _unreached),
    (UnicodeError, lambda _, post: f"it takes no addresses beyond ASCII, or {post.host} is no name of a host"),
)
"""The first kind that an error is of tells what to write."""
