"""Your own data in one command: look at a file, decide, and write a package that a person can go on from."""
