"""azbackup: keeps the backup of Azure virtual machines the way a YAML spec says it should be."""

__version__ = "0.1.0"
