"""What is known of each exporter, for operators: rows for the API and the command, sentences, metrics."""
