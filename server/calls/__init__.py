"""A call from its headers to its answer: services, gates, refusals, metrics; a new service is a row in `wiring`."""
