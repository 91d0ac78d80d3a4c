"""Tests of core/free_text."""
