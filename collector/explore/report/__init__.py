"""Dashboards as documents: the panels of the page drawn without a browser, by order or by schedule."""

import logging

# It warns of fonts without bold letters of their own, and of where it keeps its list of fonts.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
