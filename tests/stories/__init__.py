"""Stories that people live through in a real browser. A package: what its stories share ends with the last of them."""
