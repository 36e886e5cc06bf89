from grading_journal import journal, note

__all__ = ["journal", "note"]
