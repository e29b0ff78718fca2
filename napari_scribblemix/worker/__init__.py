"""Training in a child process: its messages, the child, and the client in the parent."""
