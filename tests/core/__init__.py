"""Tests of the compiled core, and the naive twins that they and the oracle use."""
