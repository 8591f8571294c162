"""Everything that must survive a crash. SQLAlchemy lives here and nowhere else."""
