"""sFlow version 5 (sflow.org, sflow_version_5.txt and its extensions)."""

from collector.decode.sflow.decoder import SflowDecoded, SflowDecoder

__all__ = ["SflowDecoded", "SflowDecoder"]
