"""What people and programs read: versions, status and differences as text and JSON."""
