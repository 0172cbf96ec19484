"""Lengths of time for people."""

MILLISECONDS = 1000


def span(milliseconds: int) -> str:
    """The two largest units: `12 s`, `4 min`, `3 h 2 min`, `5 d 7 h`."""
    seconds = max(milliseconds, 0) // MILLISECONDS
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
