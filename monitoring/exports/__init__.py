"""What leaves the program as a file: the downtime sheet."""
