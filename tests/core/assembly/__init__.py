"""Tests of core/assembly."""
