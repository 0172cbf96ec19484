"""The decoder that the settings ask for."""

from collector.decode.decoder import Decoder
from collector.settings import Settings


def open_decoder(settings: Settings) -> Decoder:
    """A decoder that has seen nothing yet."""
    return Decoder(
        sampling_default=settings.sampling_default,
        sampling_override=settings.sampling_override,
        keep_unknown=settings.keep_unknown,
    )
