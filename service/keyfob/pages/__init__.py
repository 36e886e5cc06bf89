"""What all pages for people have in common, whatever they show.

application   the Flask application that holds them, apart from that of the spec's operations
cookies       the signed cookie in which a browser carries what is its own
headers       what browsers are forbidden to do with a page
assets        files that we ship, which browsers may keep
refusals      every refusal as a page
"""

from keyfob.pages.application import create_pages

__all__ = ["create_pages"]
