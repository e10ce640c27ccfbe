"""Ways to reach people: one file per channel, its class named `Channel`, found by the file's name."""
