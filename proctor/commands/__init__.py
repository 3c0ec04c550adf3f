"""One module for each family of commands: read the options, call the station, print the result."""
