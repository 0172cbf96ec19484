# ruff: noqa: ARG002 - the server calls with all of them
"""A mail server on loopback: SMTP by aiosmtpd, with STARTTLS or TLS and a login."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.endtoend.running import free_ports

USER, PASSWORD = "reporter", "pass word"
NOBODY = "nobody@example.net"


@dataclass
class Box:
    """What has been delivered, and how a session came to be."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    attempts: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == NOBODY:
            return "550 5.1.1 there is no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        self.messages.append(message_from_bytes(content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self.attempts += 1
        assert isinstance(data, LoginPassword)
        # Not "handled": the server itself answers.
        return AuthResult(success=data == LoginPassword(USER.encode(), PASSWORD.encode()), handled=False)


@contextmanager
def served(context: ssl.SSLContext | None = None, *, at_once: bool = False, login: bool = True) -> Iterator[Box]:
    """A server that takes mail while this lasts."""
    box = Box()
    options: dict[str, Any] = {"auth_required": login, "authenticator": box.authenticate if login else None}
    if at_once:
        # It knows of no TLS but STARTTLS, without which it would offer no login.
        options |= {"ssl_context": context, "auth_require_tls": False, "auth_required": False}
    elif context:
        options |= {"tls_context": context, "require_starttls": True}
    (box.port,) = free_ports(1)
    controller = Controller(box, hostname="127.0.0.1", port=box.port, ready_timeout=60, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
