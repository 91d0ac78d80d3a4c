"""The statute's cases: docs/cases, each run through the engine, the oracle and both transports."""
