"""Numbered steps from an empty store to the tables of today; a published step never changes.

A step only adds what the version before does not mind, so that both serve one store side by side
while hosts are upgraded one by one. What nobody uses any more is taken away by a step of a later
version, which names in ``SERVED_FROM`` the step that a version has to know to go on serving.
"""
