"""Texts in elements of any tag. They are set as text, so a value of a flow is never read as HTML."""

from nicegui.elements.mixins.text_element import TextElement


def words(tag: str, text: str, classes: str = "") -> TextElement:
    """An element with a text."""
    made = TextElement(tag=tag, text=text)
    return made.classes(classes) if classes else made
