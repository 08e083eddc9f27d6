"""Loading a value once: for the threads and tasks of this process, and for all processes and hosts."""
