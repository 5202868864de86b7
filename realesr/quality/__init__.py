"""Judging what comes out: figures, tables and plots."""
