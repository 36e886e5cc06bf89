"""How requests reach an implementation, over HTTP or in this process, and by what clock it goes."""
