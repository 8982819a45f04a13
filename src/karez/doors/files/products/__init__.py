"""What products read from files: term sheets, and past applications to try them on."""
