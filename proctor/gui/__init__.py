"""The windows: the only place that imports tkinter."""
