"""Rules as dated data: one TOML file each; a new text is a new file and old files stay."""

from sessions.rules.loading import Component, Deadlines, Rules, Source, list_rules, load_rules, parse_rules

__all__ = ["Component", "Deadlines", "Rules", "Source", "list_rules", "load_rules", "parse_rules"]
