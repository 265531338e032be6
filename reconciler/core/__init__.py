"""The vocabulary that every room shares: ids, wanted values, live values, steps, errors, ports. Pure."""
