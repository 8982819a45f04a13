"""Books of loans from other systems: mappings, and the tables that they are about."""
