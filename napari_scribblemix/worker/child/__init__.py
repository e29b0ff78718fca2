"""What happens in the child process: the only part of the worker that knows torch."""
