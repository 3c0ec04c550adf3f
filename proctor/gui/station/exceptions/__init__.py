"""Panes of what the machine does not settle: by documents, and the decision after it refused."""
