"""Reports by mail: the server that the settings name, and what is written with a document."""

from collector.explore.report.contents import chosen, span
from collector.explore.report.mail import Letter, Post, trusted
from collector.explore.report.order import Order
from collector.settings import Settings, SettingsError, plain


def open_post(settings: Settings) -> Post:
    """How mail is sent. SettingsError where something is missing, MailError where smtp_ca cannot be used."""
    for name in ("smtp_host", "smtp_from"):
        if not getattr(settings, name):
            raise SettingsError(f"reports go by mail, and {name} is missing")
    if settings.smtp_user and settings.smtp_tls == "off":
        raise SettingsError("smtp_tls is off, and the password of smtp_user would be sent for all to read")
    trusted(settings.smtp_ca)
    return Post(
        host=settings.smtp_host or "",
        sender=settings.smtp_from or "",
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=plain(settings.smtp_password),
        ca=settings.smtp_ca,
    )


def letter(settings: Settings, order: Order, name: str, data: bytes) -> Letter:
    """What is sent, with the document as a file of that name. CollectorError where the dashboard is not there."""
    board = chosen(order.dashboard, settings.dashboards)
    when = span(order.within, settings.timezone)
    lines = (board.title, board.description, "", f"Range: {when}", f"Filter: {order.filter or 'none: all traffic'}")
    return Letter(f"{board.title}: {when}", "\n".join(lines) + "\n", name, data)
