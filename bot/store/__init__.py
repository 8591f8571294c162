"""Everything that must survive a crash. SQLAlchemy lives here and nowhere else."""

from sqlalchemy.orm import Session

from bot.store.database import Database

__all__ = ["Database", "Session"]
