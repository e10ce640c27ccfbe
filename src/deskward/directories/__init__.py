"""Where accounts live: one file per directory, its class named `Directory`, found by the file's name."""
