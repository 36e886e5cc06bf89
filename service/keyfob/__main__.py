"""``python -m keyfob`` is the command ``keyfob``."""

from keyfob.cli import main

if __name__ == "__main__":
    main()
