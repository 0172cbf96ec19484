"""The data model as a whole: flows of every kind through decoder, enricher and full documents."""
