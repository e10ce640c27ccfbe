"""What stands in for the outside world: real small servers for newcomers and tests."""
