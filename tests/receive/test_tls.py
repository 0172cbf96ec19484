"""Sessions over TLS: who is let in, and what an operator reads where somebody is not."""

import asyncio
import logging
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from collector.errors import CollectorError
from collector.receive import tcp
from collector.receive.errors import ReceiveError
from collector.receive.tls import Tls, tls_context
from tests.receive.sending import run, true
from tests.receive.sessions import Exporter, Serving, certificate, message
from tests.store import tls

SENT = [message(60, 1), message(65_535, 2), message(16, 3)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the collector's certificate and its authority."""
    folder = tmp_path_factory.mktemp("server")
    tls.make(folder)
    return folder


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an exporter's certificate and its authority."""
    folder = tmp_path_factory.mktemp("client")
    tls.make(folder)
    return folder


def context(server: Path, client: Path | None = None) -> Tls:
    """What the collector uses; exporters need a certificate of `client`'s authority."""
    return Tls(*certificate(server), None if client is None else client / "ca.pem")


def exporting(server: Path, client: Path | None = None) -> ssl.SSLContext:
    """What an exporter uses that trusts the collector's authority and shows its own certificate."""
    context = ssl.create_default_context(cafile=str(server / "ca.pem"))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if client is not None:
        context.load_cert_chain(*certificate(client))
    return context


async def export(serving: Serving, context: ssl.SSLContext, *messages: bytes) -> None:
    """One session; what the collector makes of it is for the test to see."""
    try:
        _, writer = await asyncio.open_connection(*serving.address, ssl=context)
        for one in messages:
            writer.write(one)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    except OSError:
        return


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_gives_its_messages_and_its_end(server: Path, version: ssl.TLSVersion) -> None:
    exporter = exporting(server)
    exporter.minimum_version = exporter.maximum_version = version

    async def scenario() -> None:
        async with Serving(tls=context(server)) as serving:
            assert str(serving.receiver) == f"TLS 127.0.0.1:{serving.receiver.port}"
            for count in (4, 8):
                await export(serving, exporter, *SENT)
                await serving.until(count)
            assert serving.payloads == [*SENT, b""] * 2
            assert {one.exporter for one in serving.datagrams} == {"127.0.0.1"}
            assert (serving.receiver.messages, serving.receiver.failed, serving.receiver.sessions) == (6, 0, 0)

    run(scenario)


def test_exporters_wait_while_there_is_no_room(server: Path) -> None:
    crowded, sent = [True], [message(60_000, number) for number in range(200)]

    async def scenario() -> None:
        async with Serving(tls=context(server), full=lambda: crowded[0]) as serving:
            sending = asyncio.create_task(export(serving, exporting(server), *sent))
            await true(lambda: len(serving.receiver._held) == 1)
            await asyncio.sleep(0.2)
            assert (serving.lists, sending.done()) == ([], False)
            crowded[0] = False
            await sending
            await serving.until(len(sent) + 1)
            assert serving.payloads == [*sent, b""]
            assert serving.receiver.failed == 0

    run(scenario)


def test_a_session_that_ends_while_it_waits_keeps_its_messages(server: Path) -> None:
    crowded = [True]

    async def scenario() -> None:
        async with Serving(tls=context(server), full=lambda: crowded[0]) as serving:
            sending = asyncio.create_task(export(serving, exporting(server), *SENT))
            await true(lambda: len(serving.receiver._held) == 1)
            await asyncio.sleep(0.2)
            assert serving.lists == []
            crowded[0] = False
            await sending
            await serving.until(len(SENT) + 1)
            assert serving.payloads == [*SENT, b""]

    run(scenario)


def test_only_exporters_with_a_certificate(server: Path, client: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with Serving(tls=context(server, client)) as serving:
            await export(serving, exporting(server, client), *SENT)
            await serving.until(4)
            for failed, wrong in enumerate((exporting(server), exporting(server, server)), 1):
                await export(serving, wrong, *SENT)
                await true(lambda: serving.receiver.failed == failed)  # noqa: B023 - not kept
            await serving.sessions(0)
            assert serving.payloads == [*SENT, b""]
            without, other = (one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING)
            assert without.endswith(": it shows no certificate, and --tls-client-ca asks for one")
            assert ": its certificate is refused, " in other
            assert other.endswith(": --tls-client-ca names who may sign it")

    run(scenario)


async def plain(serving: Serving, _: Path) -> None:
    exporter = serving.exporter()
    exporter.send(SENT[0])
    await exporter.ended()
    exporter.socket.close()


async def silent(serving: Serving, _: Path) -> None:
    exporter = serving.exporter()
    await exporter.ended()
    exporter.socket.close()


async def gone(serving: Serving, _: Path) -> None:
    Exporter(serving.address).reset()


async def distrusting(serving: Serving, client: Path) -> None:
    def shake_hands() -> None:
        with serving.exporter() as exporter, pytest.raises(ssl.SSLCertVerificationError):
            exporting(client).wrap_socket(exporter.socket, server_hostname="127.0.0.1")

    await asyncio.to_thread(shake_hands)


@pytest.mark.parametrize(
    ("exporter", "expected"),
    [
        (plain, "it does not speak TLS; plain sessions have a port of their own (--tcp)"),
        (silent, "the TLS handshake failed: "),
        (gone, "it ended the connection within the TLS handshake; it may not trust this collector's certificate"),
        (distrusting, "it refuses this collector's certificate or TLS (tlsv1 alert unknown ca)"),
    ],
)
def test_a_handshake_that_fails_is_told(
    exporter: Callable[[Serving, Path], Awaitable[None]],
    expected: str,
    server: Path,
    client: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp, "HANDSHAKE_SECONDS", 0.3)

    async def scenario() -> None:
        async with Serving(tls=context(server)) as serving:
            await exporter(serving, client)
            await true(lambda: serving.receiver.failed == 1)
            assert (serving.lists, serving.receiver.sessions) == ([], 0)
            (line,) = (record.getMessage() for record in caplog.records)
            assert line.startswith("the session of 127.0.0.1:")
            assert f"on {serving.receiver} failed after 0 messages: {expected}" in line

    run(scenario)


def test_renewed_files_hold_for_new_sessions(
    server: Path, client: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shown, key = (Path(shutil.copy(file, tmp_path)) for file in certificate(server))
    caplog.set_level("INFO", "collector.receive.tls")

    async def scenario() -> None:
        async with Serving(tls=Tls(shown, key)) as serving:
            await export(serving, exporting(server), *SENT)
            await serving.until(4)
            shown.write_text("half written")
            await export(serving, exporting(server), *SENT)
            await serving.until(8)
            for new, place in zip(certificate(client), (shown, key), strict=True):
                shutil.copy(new, place)
            await export(serving, exporting(client), *SENT)
            await serving.until(12)
            assert serving.receiver.failed == 0

    run(scenario)
    faulty, renewed = (one.getMessage() for one in caplog.records if one.name == "collector.receive.tls")
    assert faulty.startswith("the changed certificate is not used, the one from before stays: no certificate and key")
    assert renewed == f"the changed certificate {shown} is used from now on"


def test_closing_ends_handshakes_under_way(server: Path) -> None:
    async def scenario() -> None:
        async with Serving(tls=context(server)) as serving:
            with serving.exporter() as exporter:
                await serving.sessions(1)
                serving.receiver.close()
                await exporter.ended()
            assert (serving.receiver.sessions, serving.receiver.failed) == (0, 0)

    run(scenario)


@pytest.mark.skipif(not shutil.which("openssl"), reason="apt-get install openssl")
def test_the_client_of_openssl(server: Path, client: Path) -> None:
    async def scenario() -> None:
        async with Serving(tls=context(server, client)) as serving:
            names = [str(path) for path in (server / "ca.pem", *certificate(client))]
            place = f"127.0.0.1:{serving.receiver.port}"
            command = ["openssl", "s_client", "-quiet", "-connect", place, "-verify_return_error"]
            command += [word for pair in zip(("-CAfile", "-cert", "-key"), names, strict=True) for word in pair]
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            assert process.stdin is not None
            process.stdin.write(b"".join(SENT))
            await process.stdin.drain()
            await serving.until(len(SENT))
            process.terminate()
            await process.wait()
            await serving.until(len(SENT) + 1)
            assert serving.payloads == [*SENT, b""]

    run(scenario)


def refused(*files: Path | None) -> str:
    certificate, key, authorities = files
    assert certificate is not None
    with pytest.raises(ReceiveError) as error:
        tls_context(certificate, key, authorities)
    assert isinstance(error.value, CollectorError)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_key_in_the_certificates_file(server: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(file.read_bytes() for file in certificate(server)))
    assert tls_context(both, None, None).verify_mode == ssl.CERT_NONE


def test_files_that_cannot_be_used(server: Path, client: Path, tmp_path: Path) -> None:
    cert, key = certificate(server)
    missing, junk, locked = tmp_path / "missing.pem", tmp_path / "junk.pem", tmp_path / "locked.pem"
    junk.write_bytes(b"junk")
    tls._openssl("pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked)
    assert refused(missing, key, None) == f"cannot read the certificate {missing}: No such file or directory"
    assert refused(cert, missing, None) == f"cannot read the key {missing}: No such file or directory"
    assert refused(cert, tmp_path, None) == f"cannot read the key {tmp_path}: Is a directory"
    assert refused(junk, key, None) == f"no certificate and key in PEM form in {junk} and {key}"
    assert refused(cert, None, None) == f"no certificate and key in PEM form in {cert}"
    assert refused(cert, client / "key.pem", None) == (
        f"the key {client / 'key.pem'} does not belong to the certificate {cert}"
    )
    assert refused(cert, locked, None) == (
        f"the key {locked} is encrypted: openssl pkey -in {locked} -out FILE writes it without a password"
    )
    assert refused(cert, key, missing) == f"cannot read the file of authorities {missing}: No such file or directory"
    assert refused(cert, key, junk) == f"no certificate of an authority in PEM form in {junk}"
