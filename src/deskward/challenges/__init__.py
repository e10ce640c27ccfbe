"""Ways to prove who one is beyond the link: one file per challenge, its class named `Challenge`."""
