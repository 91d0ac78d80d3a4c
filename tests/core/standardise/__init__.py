"""Tests of core/standardise."""
