"""Past infusions: what each comes to, finding them again, and what the clinic's years say taken together."""
