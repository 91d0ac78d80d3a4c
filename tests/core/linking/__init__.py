"""Tests of core/linking."""
