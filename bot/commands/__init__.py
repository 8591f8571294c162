"""What people may ask, whatever way they talk. No chat library in sight."""
