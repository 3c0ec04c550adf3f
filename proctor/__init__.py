"""The station: pipeline, decision and commands. The only package that knows the other four."""

__version__ = "0.1.0"
