"""The base of every error that an operator may see."""


class CollectorError(Exception):
    """Its text is one line that says what is wrong, where, and how to mend it."""
