"""The gateway in a process of its own: what may be asked, who answers, and what the other processes have of it."""
