"""What an engine knows, found out by what it refuses."""

from dataclasses import dataclass


@dataclass
class Abilities:
    """Taken to be all there until the engine says otherwise, once."""

    multi_terms: bool = True
    """Groups of several fields: Elasticsearch 7.12 and later in its default distribution, OpenSearch 2.1 and later."""
    scripts: bool = True
    """Scripts in Painless, which an operator may forbid."""
    unindexed: bool = True
    """Searches in fields without an inverted index."""

    def learn(self, error: str) -> bool:
        """Whether an error tells of something that is refused, which another thread may have learnt already."""
        refused = next((name for name, texts in REFUSALS.items() if any(text in error for text in texts)), None)
        if refused is not None:
            setattr(self, refused, False)
        return refused is not None


REFUSALS = {
    "multi_terms": ("Unknown aggregation type [multi_terms]",),
    "scripts": (
        "script_lang not supported",
        "cannot execute [inline] scripts",
        "cannot execute scripts using",
        "cannot execute [aggs] scripts",
    ),
    "unindexed": ("since it is not indexed",),
}
