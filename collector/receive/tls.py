"""TLS for IPFIX sessions (RFC 7011 section 11)."""

import logging
import ssl
from pathlib import Path
from typing import NoReturn

from collector.receive.errors import ReceiveError
from collector.stamps import Stamp, stamp

PLAIN = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "RECORD_LAYER_FAILURE", "BAD_RECORD_TYPE")
OLD = ("UNSUPPORTED_PROTOCOL", "NO_SHARED_CIPHER", "VERSION_TOO_LOW")
REASONS = {
    **dict.fromkeys(PLAIN, "it does not speak TLS; plain sessions have a port of their own (--tcp)"),
    **dict.fromkeys(OLD, "it speaks no TLS from 1.2 on"),
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it shows no certificate, and --tls-client-ca asks for one",
}
"""What OpenSSL's reasons mean here."""
log = logging.getLogger(__name__)


class Tls:
    """What a server shows: a certificate, its key and the authorities of clients, as `tls_context` takes them.

    Certificates are renewed every few weeks by a program that writes the files anew. New sessions get what the files
    hold now; while they hold nothing that can be used, what they held before. Raises ReceiveError as `tls_context`.
    """

    def __init__(self, certificate: Path, key: Path | None = None, client_ca: Path | None = None) -> None:
        self._files = certificate, key, client_ca
        self._stamp = self._look()
        self._context = tls_context(*self._files)

    def context(self) -> ssl.SSLContext:
        """The context of the next session. Never raises: a fault of new files is logged once."""
        now = self._look()
        if now != self._stamp:
            self._stamp = now
            self._renew()
        return self._context

    def _renew(self) -> None:
        try:
            self._context = tls_context(*self._files)
        except ReceiveError as error:
            log.warning("the changed certificate is not used, the one from before stays: %s", error)
        else:
            log.info("the changed certificate %s is used from now on", self._files[0])

    def _look(self) -> tuple[Stamp, ...]:
        return tuple(stamp(file) for file in self._files if file is not None)


def tls_context(certificate: Path, key: Path | None, client_ca: Path | None) -> ssl.SSLContext:
    """What a server needs that shows this certificate (PEM, with those between it and its authority), TLS 1.2 or newer.

    Without `key` the key is in the certificate's file. With `client_ca` a client must show a certificate of one of the
    authorities in that file. Raises ReceiveError where a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 0  # exporters never read: a ticket left unread makes their end of a session a reset
    _load_certificate(context, certificate, key or certificate)
    if client_ca is not None:
        _load_authorities(context, client_ca)
    return context


def handshake_failure(error: OSError) -> str:
    """Why a handshake failed, and how an operator mends it."""
    reason = getattr(error, "reason", None) or ""
    if reason in REASONS:
        return REASONS[reason]
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused, {error.verify_message}: --tls-client-ca names who may sign it"
    if "ALERT" in reason:
        return f"it refuses this collector's certificate or TLS ({reason.lower().replace('_', ' ')})"
    if isinstance(error, ConnectionResetError):
        return "it ended the connection within the TLS handshake; it may not trust this collector's certificate"
    return f"the TLS handshake failed: {reason.lower().replace('_', ' ') or error}"


def _load_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    def encrypted() -> NoReturn:
        raise ReceiveError(f"the key {key} is encrypted: openssl pkey -in {key} -out FILE writes it without a password")

    for what, file in (("certificate", certificate), ("key", key)):
        _readable(what, file)
    try:
        context.load_cert_chain(certificate, key, encrypted)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ReceiveError(f"the key {key} does not belong to the certificate {certificate}") from error
        place = certificate if certificate == key else f"{certificate} and {key}"
        raise ReceiveError(f"no certificate and key in PEM form in {place}") from error


def _load_authorities(context: ssl.SSLContext, file: Path) -> None:
    _readable("file of authorities", file)
    try:
        context.load_verify_locations(file)
    except ssl.SSLError as error:
        raise ReceiveError(f"no certificate of an authority in PEM form in {file}") from error
    context.verify_mode = ssl.CERT_REQUIRED


def _readable(what: str, file: Path) -> None:
    try:
        file.open("rb").close()
    except OSError as error:
        raise ReceiveError(f"cannot read the {what} {file}: {error.strerror}") from error
