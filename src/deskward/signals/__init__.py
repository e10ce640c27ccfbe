"""What speaks for or against a requester: one file per signal, its class named `Signal`, giving findings."""
