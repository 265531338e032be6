"""The command `azbackup`: wiring, printing, exit codes. The only room that knows all others."""
