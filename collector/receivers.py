"""The receivers of sessions that the settings ask for."""

from collections.abc import Callable

from collector.receive.tcp import TcpReceiver
from collector.receive.tls import Tls
from collector.settings import Settings, SettingsError, flag


def session_receivers(settings: Settings, full: Callable[[], bool] = lambda: False) -> list[TcpReceiver]:
    """One for each place of `tcp` and `tcp_tls`, not opened yet; `full` as in TcpReceiver. CollectorError."""
    receivers = [TcpReceiver(place.host, place.port, full=full) for place in settings.tcp]
    if not settings.tcp_tls:
        return receivers
    if settings.tls_certificate is None:
        raise SettingsError(f"{flag('tcp_tls')} needs {flag('tls_certificate')} and {flag('tls_key')}")
    tls = Tls(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)
    secured = [TcpReceiver(place.host, place.port, tls=tls, full=full) for place in settings.tcp_tls]
    return receivers + secured
