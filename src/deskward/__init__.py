"""Identity verification for the IT help desk."""
