"""Pages and hooks: they talk to the lifecycle, never past it to a plugin or the store's tables."""
