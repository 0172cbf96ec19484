"""What the collector and its exporters did, minute by minute: rows of the dataset HEALTH."""
