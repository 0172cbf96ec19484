"""A made-up network with a day of traffic, so that anyone can look around at once."""
