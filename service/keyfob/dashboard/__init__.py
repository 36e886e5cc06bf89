"""Where admins manage keys in a browser: one more client of the domain, with no query of its own.

door            who may come in: the session, and the token that every form carries
sign_in, browsers, account              in and out; one's own password
key_list, key_details, new_key, edit_key, key_actions, value, requests    the views
key_form        a form as the JSON that the API would take, checked by the same schema of the spec
seen            which version of a key a form is about: nobody undoes what they have not seen
proof           the password once more, before what cannot be taken back
deeds           what can be done with a key in its state, and why the rest cannot
chart           the figures of usage as shapes
last_use        who uses a key, and who still tries a dead value
access, advice, events, names, wording  what the domain knows, in words for people
"""

from keyfob.dashboard.blueprint import create_dashboard

__all__ = ["create_dashboard"]
