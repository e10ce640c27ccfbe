"""What a requester may do after the proof: one file per action, its class named `Action`."""
