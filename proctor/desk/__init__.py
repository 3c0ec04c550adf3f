"""The desk's core: what crosses threads, the state table, the screen made of it. Pure; no window, no camera."""
