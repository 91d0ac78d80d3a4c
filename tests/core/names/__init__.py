"""Tests of core/names."""
